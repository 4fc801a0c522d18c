"""The webhook: Telegram posts updates to us, and repeats whatever we did not answer with 200.

https://core.telegram.org/bots/api#setwebhook. We answer after the commit. Telegram waits for the
answer before it sends the next update of the same chat, so order is kept without our doing.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.telegram_pace import Allowance
from bot.channels.telegram_quarantine import Quarantine, first_line
from bot.channels.telegram_read import Parsed, parsed

PATH = "/telegram"
LARGEST = 1024 * 1024
"""Bytes of a body; real updates are a hundredth of that."""
_RATE = Allowance(interval=1 / 500, burst=1000)
"""Posts that carry the secret. What is beyond comes again, so nothing is lost."""
_IN_HAND = 100
"""Updates at a time; Telegram opens as many connections as we tell it, 40 by default."""
_TRUE = Response()
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Webhook:
    """Where Telegram reaches us, and the word by which we know that it is Telegram."""

    url: str
    secret: str


class Hook:
    """The endpoint. ``take`` returns once an update is dealt with."""

    def __init__(
        self,
        take: Callable[[Parsed], Awaitable[None]],
        quarantine: Quarantine,
        *,
        secret: str,
        clock: Callable[[], float],
        rate: Allowance = _RATE,
    ) -> None:
        self._take, self._quarantine = take, quarantine
        self._secret, self._clock = secret.encode(), clock
        self._rate, self._full_at = rate, clock()
        self._in_hand = 0

    def routes(self) -> list[BaseRoute]:
        """``/telegram``: where the reverse proxy sends what comes to the webhook's address."""
        return [Route(PATH, self.hear, methods=["POST"])]

    async def hear(self, request: Request) -> Response:
        """Take one update: 200 after the commit; 403 from strangers, 413 and 400 for what is no
        update, 429 and 503 for what should come again."""
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), self._secret):
            return Response(status_code=403)
        if wait := self._wait():
            return _again(429, wait)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        raw = _update(body)
        if raw is None:
            return Response(status_code=400)
        self._in_hand += 1
        try:
            return await self._deal_with(raw)
        finally:
            self._in_hand -= 1

    def _wait(self) -> float:
        """Seconds until another post is welcome; 0 takes it."""
        if self._in_hand >= _IN_HAND:
            return 1.0
        now = self._clock()
        if wait := self._rate.wait(self._full_at, now, 1):
            return wait
        self._full_at = max(self._full_at, now) + self._rate.interval
        return 0.0

    async def _deal_with(self, raw: dict[str, Any]) -> Response:
        try:
            update = parsed(raw)
        except Exception as problem:
            reason = f"cannot be parsed: {first_line(problem)}"
            return _TRUE if await self._quarantine.set_aside(raw, reason) else _again(503, 2)
        try:
            await self._take(update)
        except Exception as problem:
            return _TRUE if await self._quarantine.failed(raw, problem) else _again(503, 1)
        self._quarantine.went_well(raw["update_id"])
        return _TRUE


async def _body(request: Request) -> bytes | None:
    """What was posted; None if that is too much."""
    if int(request.headers.get("content-length") or 0) > LARGEST:
        return None
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                return None
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("update_id"), int):
        return None
    return raw


def _again(status: int, seconds: float) -> Response:
    return Response(status_code=status, headers={"Retry-After": str(max(1, round(seconds)))})
