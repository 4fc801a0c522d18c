"""Text messages through a gateway: the worked example of CONTRIBUTING, kept alive by a test."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.base import Limits, Receive, SlowDown, Uncertain, Undeliverable
from bot.channels.numbering import chosen, text_of
from bot.channels.splitting import split
from handlers.messages import Choice, Contact, Reply, Update

NAME = "sms"
LIMITS = Limits(text=500, choices=99)
Post: TypeAlias = Callable[[str, str], Awaitable[int]]
"""Gives one text to the gateway: number, text → HTTP status."""
_NEWS = frozenset({"text", "picture", "sound"})


class Shown(Protocol):
    """What the person was offered last."""

    async def offered(self, contact: Contact) -> tuple[Choice, ...]: ...


class Sms:
    """One gateway. Satisfies ``Channel``."""

    def __init__(self, receive: Receive, shown: Shown, secret: str, post: Post) -> None:
        self.name, self.limits = NAME, LIMITS
        self._receive, self._shown, self._secret, self._post = receive, shown, secret, post

    def routes(self) -> list[BaseRoute]:
        """``/sms``: where the gateway delivers."""
        return [Route("/sms", self.hear, methods=["POST"])]

    async def run(self, receive: Receive) -> None:
        """Nothing to fetch: the gateway comes to us."""

    async def hear(self, request: Request) -> Response:
        """One delivery; 200 only after the commit, so that the gateway repeats what was lost."""
        if not hmac.compare_digest(
            request.headers.get("x-secret", "").encode(), self._secret.encode()
        ):
            return JSONResponse({"error": "wrong secret"}, status_code=403)
        if (update := read(await request.json())) is not None:
            await self._receive(chosen(update, await self._shown.offered(update.contact)))
        return JSONResponse({"ok": True})

    async def send(self, address: str, reply: Reply) -> None:
        """Deliver one reply. Raises what ``Channel.send`` says."""
        for text in split(text_of(reply), LIMITS.text):
            try:
                async with asyncio.timeout(10):
                    status = await self._post(address, text)
            except TimeoutError:
                raise Uncertain("the gateway did not answer in time") from None
            raise_for(status)


def read(message: Mapping[str, Any]) -> Update | None:
    """The update of a delivery; None for delivery reports and other noise."""
    if message.get("kind") not in _NEWS:
        return None
    contact, id = Contact(NAME, str(message["from"])), str(message["id"])
    if message["kind"] != "text":
        return Update(id, contact, unsupported="彩信")
    return Update(id, contact, str(message["text"]).strip())


def raise_for(status: int) -> None:
    """A gateway's HTTP status in the words of a courier."""
    if status == 410:
        raise Undeliverable("号码已停用", gone=True)
    if status == 429:
        raise SlowDown(30)
    if 400 <= status < 500:
        raise Undeliverable(f"短信网关不接受这条消息（{status}）")
    if status >= 500:
        raise ConnectionError(f"the gateway answered {status}")
