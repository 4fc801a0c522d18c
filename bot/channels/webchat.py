"""The web chat: one page that works on a phone, with or without JavaScript.

The person is known by a signed cookie. The page posts what they say and asks for what is new;
replies wait in the database until it does, on any device the cookie is on.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from itsdangerous import BadSignature, URLSafeSerializer
from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels.base import Limits, Receive
from handlers.menu import welcome
from handlers.messages import Contact, Point, Update

NAME = "web"
LIMITS = Limits(text=20_000, choices=30)
_HERE = Path(__file__).parent / "webchat_files"
_COOKIE = "youjun"
_YEAR = 365 * 24 * 3600
_LONGEST = 4_000
"""Characters of one message."""
_BODY = 64 * 1024
"""Bytes of one request."""
_BURST, _PER_SECOND = 15.0, 0.5
"""Messages one person may send at once, and how fast the allowance grows again."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-store",
}


class Transcript(Protocol):
    """Where the page's history comes from."""

    def since(self, contact: Contact, after: int = 0) -> list[dict[str, Any]]: ...


class TooFast(Exception):
    """The person sends more than anybody types."""


class Webchat:
    """The page, its two endpoints and its allowance per person."""

    def __init__(
        self,
        receive: Receive,
        transcript: Transcript,
        *,
        secret: str,
        secure_cookies: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.receive = receive
        self.transcript = transcript
        self.secure_cookies = secure_cookies
        self._secret = hashlib.sha256(b"webchat:" + secret.encode()).digest()
        self._signer = URLSafeSerializer(self._secret, salt="contact")
        self._allowance = _Allowance(clock)
        self._pages = Environment(loader=FileSystemLoader(_HERE), autoescape=True)

    def routes(self) -> list[BaseRoute]:
        """``/``, ``/chat/messages`` and ``/chat/static``."""
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/chat/messages", self.messages, methods=["GET"]),
            Route("/chat/messages", self.send, methods=["POST"]),
            Mount("/chat/static", StaticFiles(directory=_HERE / "static"), name="chat-static"),
        ]

    async def page(self, request: Request) -> Response:
        """The chat with its history so far; hands a new person their cookie."""
        contact = self._contact(request) or Contact(NAME, secrets.token_urlsafe(18))
        history = await run_in_threadpool(self.transcript.since, contact)
        html = self._pages.get_template("chat.html").render(
            history=history,
            welcome=welcome(),
            last=history[-1]["id"] if history else 0,
            token=self._token(contact),
        )
        response = HTMLResponse(html, headers=_HEADERS)
        response.set_cookie(
            _COOKIE,
            str(self._signer.dumps(contact.address)),
            max_age=_YEAR,
            httponly=True,
            samesite="lax",
            secure=self.secure_cookies,
        )
        return response

    async def messages(self, request: Request) -> Response:
        """What is new after ``?after=ID``."""
        contact = self._contact(request)
        if contact is None:
            return _refuse(401, "请刷新页面后再试")
        after = request.query_params.get("after", "0")
        number = int(after) if after.isdecimal() and len(after) < 19 else 0
        entries = await run_in_threadpool(self.transcript.since, contact, number)
        return JSONResponse({"messages": entries}, headers=_HEADERS)

    async def send(self, request: Request) -> Response:
        """Take one message, as JSON from the script or as a plain form."""
        contact = self._contact(request)
        if contact is None:
            return _refuse(401, "请刷新页面后再试")
        try:
            said = await _read(request)
            if not hmac.compare_digest(str(said.get("token", "")), self._token(contact)):
                return _refuse(403, "页面已过期，请刷新后再发")
            self._allowance.spend(contact.address)
            await self.receive(_update(contact, said))
        except TooFast:
            return _refuse(429, "发得太快了，请歇几秒再发")
        except ValueError as problem:
            return _refuse(400, str(problem))
        if request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"ok": True}, headers=_HEADERS)
        return RedirectResponse("/#latest", status_code=303)

    def _contact(self, request: Request) -> Contact | None:
        try:
            address = self._signer.loads(request.cookies.get(_COOKIE, ""))
        except BadSignature:
            return None
        return Contact(NAME, str(address))

    def _token(self, contact: Contact) -> str:
        return hmac.new(self._secret, contact.address.encode(), hashlib.sha256).hexdigest()


class _Allowance:
    """A token bucket for each address; full ones are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, address: str) -> None:
        now = self._clock()
        left, at = self._left.get(address, (_BURST, now))
        left = min(_BURST, left + (now - at) * _PER_SECOND)
        if left < 1:
            raise TooFast
        self._left[address] = (left - 1, now)
        if len(self._left) > 10_000:
            self._forget(now)

    def _forget(self, now: float) -> None:
        full = _BURST / _PER_SECOND
        self._left = {key: value for key, value in self._left.items() if now - value[1] < full}


async def _read(request: Request) -> Mapping[str, Any]:
    """The body as a mapping; raises ValueError with a sentence for the person."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            raise ValueError("内容太长了，请分几次发")
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError("没有看懂这条消息，请再发一次") from None
        if not isinstance(said, dict):
            raise ValueError("没有看懂这条消息，请再发一次")
        return said
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _update(contact: Contact, said: Mapping[str, Any]) -> Update:
    id = str(said.get("id") or secrets.token_hex(8))[:64]
    if isinstance(at := said.get("point"), dict):
        return Update(id, contact, point=_point(at))
    text = str(said.get("text") or "").strip()
    if not text:
        raise ValueError("请先打几个字再发")
    if len(text) > _LONGEST:
        raise ValueError(f"一次最多发 {_LONGEST} 个字，请分几次发")
    label = str(said["label"])[:64] if said.get("label") else None
    return Update(id, contact, text, label=label)


def _point(at: Mapping[str, Any]) -> Point:
    """A browser's position: WGS-84 by the Geolocation specification."""
    try:
        return Point(float(at["latitude"]), float(at["longitude"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("没有收到位置，请再试一次，或者打镇名") from None


def _refuse(status: int, words: str) -> Response:
    return JSONResponse({"error": words}, status_code=status, headers=_HEADERS)
