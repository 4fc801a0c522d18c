"""The door of the console: nobody gets past without a sign-in, no form without its token."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, quote

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console import access
from bot.console.base import Action, Console, Visit
from bot.desk import roles
from bot.desk.finding import NotYours, Refused
from bot.plaintext import plain

Endpoint = Callable[[Request], Awaitable[Response]]
Work = Callable[[Console, Request, Mapping[str, str]], Response]
STOP_POLLING = 286
"""A status htmx knows: show this, then stop asking."""
_BODY = 128 * 1024
"""Bytes of one form."""
_AS_TYPED = ("password", "new", "again")
"""Fields whose every character counts."""
_AT_ONCE = 2
"""Passwords checked at the same time."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
log = logging.getLogger(__name__)


class FormTooLong(Exception):
    """More than any form of ours can hold."""


def signed_in(
    console: Console, action: Action, *, polled: bool = False, bare: bool = False
) -> Endpoint:
    """An endpoint for people who are signed in; ``polled`` ones are asked by the page itself,
    ``bare`` ones also serve those whose role asks for a second factor they have not set up yet."""

    def work(console: Console, request: Request, form: Mapping[str, str]) -> Response:
        login = access.read(console, request.cookies.get(access.COOKIE, ""))
        with Session(console.engine) as db:
            staff = access.staff_of(db, login) if login else None
            if login is None or staff is None:
                return _stranger(console, request, form, polled=polled)
            if request.method == "POST" and not access.fits(
                console, login.nonce, form.get("token", "")
            ):
                return refuse_form(console, form)
            if not bare and access.lacks_second_factor(console, db, staff):
                return _not_yet(console, request, form, polled=polled)
            token = access.token(console, login.nonce)
            visit = Visit(console, request, db, staff, form, console.clock(), token)
            response = _perform(visit, action)
            ended = staff.epoch != login.epoch
            db.commit()
        if not polled and not ended:
            access.refresh(console, response, login)
        return response

    return in_thread(console, work)


def in_thread(console: Console, work: Work) -> Endpoint:
    """An endpoint whose database work is done in a worker thread, then the courier is woken."""

    async def endpoint(request: Request) -> Response:
        try:
            form = await _form(request)
        except FormTooLong:
            words = "内容太长了，请分几次写"
            return console.page("problem.html", status=413, title="没有保存", words=words, text="")
        try:
            response = await run_in_threadpool(work, console, request, form)
        except SQLAlchemyError:
            log.exception("%s %s failed", request.method, request.url.path)
            return _broken(console, form)
        if request.method == "POST":
            console.wake()
        return response

    return endpoint


def allowed(what: str, action: Action) -> Action:
    """``action`` for those whose role allows ``what``; all others are told so."""

    def guarded(visit: Visit) -> Response:
        held = roles.grants(visit.db, visit.staff)
        if not roles.may(held, what):
            raise Refused(f"您的角色（{roles.describe(held)}）不能打开这一页")
        return action(visit)

    return guarded


def few_at_once(endpoint: Endpoint) -> Endpoint:
    """For endpoints that check passwords: each takes 64 MB for a moment."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def gated(request: Request) -> Response:
        async with gate:
            return await endpoint(request)

    return gated


def refuse_form(console: Console, form: Mapping[str, str]) -> Response:
    """The page for a form that was not made for this session; keeps what the person wrote."""
    words = "页面已过期，或者不是从工作台打开的。请返回工作台，刷新后再试。"
    return _not_done(console, words, form)


class SecureHeaders:
    """Puts the headers that keep strangers' scripts, frames and caches out on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        static = scope.get("path", "").startswith("/desk/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["Cache-Control"] = "no-cache" if static else "no-store"
            await send(message)

        await self.app(scope, receive, with_headers)


def _perform(visit: Visit, action: Action) -> Response:
    try:
        return action(visit)
    except NotYours as refusal:
        _take_back(visit)
        return visit.page("problem.html", status=404, title="没有找到", words=refusal, text="")
    except Refused as refusal:
        _take_back(visit)
        words, text = str(refusal), visit.form.get("text", "")
        return visit.page("problem.html", status=403, title="没有执行", words=words, text=text)


def _take_back(visit: Visit) -> None:
    visit.db.rollback()
    where = visit.request
    log.info("staff %d was refused %s %s", visit.staff.id, where.method, where.url.path)


def _stranger(
    console: Console, request: Request, form: Mapping[str, str], *, polled: bool
) -> Response:
    if polled:
        html = console.pages.get_template("_signed_out.html").render()
        return HTMLResponse(html, STOP_POLLING)
    if request.method != "POST":
        here = quote(request.url.path)
        return RedirectResponse(f"/desk/sign-in?next={here}", 303)
    return console.page(
        "problem.html",
        status=401,
        title="登录已过期",
        words="这一步没有执行。请重新登录后再做一次。",
        text=form.get("text", ""),
    )


def _not_yet(
    console: Console, request: Request, form: Mapping[str, str], *, polled: bool
) -> Response:
    """The way to the page where a second factor is set up."""
    if polled:
        return Response(status_code=STOP_POLLING)
    if request.method != "POST":
        return RedirectResponse("/desk/account", 303)
    words = "您的角色要先开启动态验证码。请打开“我的账号”开启，再做这一步。"
    return _not_done(console, words, form)


def _not_done(console: Console, words: str, form: Mapping[str, str]) -> Response:
    text = form.get("text", "")
    return console.page("problem.html", status=403, title="这一步没有执行", words=words, text=text)


def _broken(console: Console, form: Mapping[str, str]) -> Response:
    return console.page(
        "problem.html",
        status=503,
        title="暂时存不上",
        words="数据库没有响应，这一步没有执行。请过一会儿再试。",
        text=form.get("text", ""),
    )


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form. Raises FormTooLong."""
    if request.method != "POST":
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            raise FormTooLong
    fields = dict(parse_qsl(body.decode("utf-8", "replace")))
    return {key: value if key in _AS_TYPED else plain(value) for key, value in fields.items()}
