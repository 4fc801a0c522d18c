"""WeChat Official Account (公众号): answers inside the request, and later ones where WeChat lets us.

WeChat gives us five seconds, one text and no buttons; what does not fit follows as a
customer-service message, or waits until the person writes again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels import wechat_read
from bot.channels.base import Later, Limits, Receive, SlowDown, Uncertain
from bot.channels.files import Attachments
from bot.channels.numbering import chosen
from bot.channels.wechat_api import Api, QuotaSpent
from bot.channels.wechat_crypto import Crypto, Refused, check_signature, signature
from bot.channels.wechat_media import Photos
from bot.channels.wechat_read import NAME
from bot.channels.wechat_render import MORE, MORE_HINT, TEXT_BYTES, fit, join, messages
from bot.channels.wechat_seams import Allowances, Mailbox
from handlers.messages import Contact, Reply, Update

LIMITS = Limits(text=TEXT_BYTES // 3, choices=99)
PATH = "/wechat"
_BODY = 64 * 1024
_SKEW = 600
"""Seconds a timestamp may differ from our clock."""
_PATIENCE = 4.5
"""Seconds until we answer in any case: at five WeChat hangs up and asks again."""
_FAREWELL = 10.0
_NOTHING = "success"
"""The answer that tells WeChat to show nothing."""
log = logging.getLogger(__name__)


class Wechat:
    """One account. Satisfies ``Channel``; its updates come in through ``routes``."""

    def __init__(
        self,
        receive: Receive,
        mailbox: Mailbox,
        allowances: Allowances,
        *,
        token: str,
        crypto: Crypto | None = None,
        api: Api | None = None,
        attachments: Attachments | None = None,
        blocked: Callable[[Contact, bool], Awaitable[None]] | None = None,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        patience: float = _PATIENCE,
    ) -> None:
        """``crypto`` makes plain messages unwelcome; without ``api`` nothing is sent on our own, nor
        photos fetched for ``attachments``.
        ``receive`` must not send the replies itself; ``wake`` sets the courier going."""
        self.name, self.limits = NAME, LIMITS
        self._receive, self._mailbox, self._allowances = receive, mailbox, allowances
        self._token, self._crypto, self._api = token, crypto, api
        self._photos = Photos(api, attachments, receive) if api and attachments else None
        self._blocked, self._wake = blocked, wake
        self._clock, self.patience = clock, patience
        self._answering: set[str] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._arrived: dict[tuple[str, Reply], int] = {}

    def routes(self) -> list[BaseRoute]:
        """``/wechat``: the address to enter under 公众平台 > 服务器配置."""
        return [
            Route(PATH, self.confirm, methods=["GET"]),
            Route(PATH, self.hear, methods=["POST"]),
        ]

    async def run(self, receive: Receive) -> None:
        """Wait until cancelled, then finish what is in hand."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._late:
                await asyncio.wait(self._late, timeout=_FAREWELL)
            if self._api is not None:
                await self._api.close()

    async def send(self, address: str, reply: Reply) -> None:
        """Send a reply as customer-service messages. Raises Later when WeChat allows none (or no
        longer enough), and what ``Channel.send`` says."""
        if self._api is None:
            raise Later("this account may only answer")
        if address in self._answering:
            raise SlowDown(1)  # it goes with the answer, which costs nothing
        texts, contact = messages(reply), Contact(NAME, address)
        done = self._arrived.pop((address, reply), 0)
        kind = await self._allowances.spend(contact, len(texts) - done)
        if kind is None:
            raise Later("the messages WeChat allows are used up")
        for at, text in enumerate(texts[done:], start=done):
            try:
                await self._api.send_text(address, text)
            except QuotaSpent:
                await self._allowances.exhaust(contact)
                raise
            except Exception as problem:
                left = len(texts) - at - isinstance(problem, Uncertain)
                await self._allowances.refund(contact, kind, left)
                self._arrived[address, reply] = at
                raise

    async def confirm(self, request: Request) -> Response:
        """WeChat asks whether the address is ours: once, when it is entered."""
        try:
            self._check(request, "signature")
        except Refused as problem:
            return _refuse(problem)
        return PlainTextResponse(request.query_params.get("echostr", ""))

    async def hear(self, request: Request) -> Response:
        """One message or event; answered within five seconds, 200 only for what is stored."""
        try:
            message = wechat_read.parse(self._open(request, await _body(request)))
            update = wechat_read.read(message)
        except Refused as problem:
            return _refuse(problem)
        try:
            text = await self._answer(message, update)
        except Exception:
            log.exception("a WeChat message was not stored; WeChat will send it again")
            return Response(status_code=503)
        return self._respond(message, text)

    async def _answer(self, message: dict[str, str], update: Update | None) -> str:
        contact = wechat_read.contact_of(message)
        follows = wechat_read.following(message)
        if follows is not None and self._blocked is not None:
            await self._blocked(contact, not follows)
        if update is None:
            return ""
        if self._api is not None:
            kind = "action" if wechat_read.is_action(message) else "message"
            await self._allowances.grant(contact, kind)
        self._answering.add(contact.address)
        try:
            return await self._turn(await self._chosen(update), wechat_read.photo(message))
        finally:
            self._answering.discard(contact.address)

    async def _chosen(self, update: Update) -> Update:
        """The update with a number turned into the choice it stands for."""
        if not update.text.isdecimal():
            return update
        return chosen(update, await self._mailbox.offered(update.contact))

    async def _turn(self, update: Update, photo: str) -> str:
        """Let the service answer (or the desk take the photo), and collect what was said."""
        push = self._api is not None
        wants_more = update.text == MORE and await self._mailbox.waits(update.contact, update.id)
        if not wants_more and not await self._in_time(self._take(update, photo)):
            return "" if push else f"正在查，请过一会儿发“{MORE}”看答复。"
        handed = await self._mailbox.collect(update.contact, update.id, fit, push=push)
        if handed.more and push:
            self._wake()
        return join(handed.replies) + (MORE_HINT if handed.more and not push else "")

    def _take(self, update: Update, photo: str) -> Awaitable[None]:
        if photo and self._photos is not None:
            return self._photos.keep(photo, update)
        return self._receive(update)

    async def _in_time(self, answer: Awaitable[None]) -> bool:
        """Whether the answer was stored while WeChat still listens; it is stored in any case."""
        task = asyncio.ensure_future(answer)
        done, _ = await asyncio.wait({task}, timeout=self.patience)
        if done:
            task.result()
            return True
        self._late.add(task)
        task.add_done_callback(self._note_late)
        return False

    def _note_late(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("an answer was late and then failed", exc_info=problem)
        self._wake()

    def _check(self, request: Request, name: str, *parts: str) -> None:
        query = request.query_params
        at, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not at.isascii() or not at.isdecimal() or abs(int(at[:12]) - self._clock()) > _SKEW:
            raise Refused("the timestamp is stale; is the clock of this server right?")
        check_signature(query.get(name, ""), self._token, at, nonce, *parts)

    def _open(self, request: Request, body: bytes) -> bytes:
        """The XML of the message, after the signature was checked."""
        if self._crypto is None:
            self._check(request, "signature")
            return body
        sealed = wechat_read.parse(body).get("Encrypt", "")
        if not sealed:
            raise Refused("the message is not encrypted; choose 安全模式 or empty wechat.aes_key")
        self._check(request, "msg_signature", sealed)
        return self._crypto.decrypt(sealed)

    def _respond(self, message: dict[str, str], text: str) -> Response:
        if not text:
            return PlainTextResponse(_NOTHING)
        at = str(int(self._clock()))
        xml = (
            f"<xml><ToUserName>{escape(message['FromUserName'])}</ToUserName>"
            f"<FromUserName>{escape(message.get('ToUserName', ''))}</FromUserName>"
            f"<CreateTime>{at}</CreateTime><MsgType>text</MsgType>"
            f"<Content>{escape(_printable(text))}</Content></xml>"
        )
        if self._crypto is not None:
            sealed, nonce = self._crypto.encrypt(xml), at[::-1]
            sign = signature(self._token, at, nonce, sealed)
            xml = (
                f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{sign}</MsgSignature>"
                f"<TimeStamp>{at}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
            )
        return Response(xml, media_type="application/xml")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            raise Refused("the body is larger than any message")
    return bytes(body)


def _printable(text: str) -> str:
    """XML has no form for control characters."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")


def _refuse(problem: Refused) -> Response:
    log.warning("refused a request at %s: %s", PATH, problem)
    return PlainTextResponse("refused", status_code=403)
