"""Signing in and out."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import access
from bot.console.base import HOME, Console, Visit
from bot.console.guard import Endpoint, in_thread, refuse_form, signed_in
from bot.desk import staff as accounts

_COOKIE = "youjun_desk_form"
"""Ties the sign-in form to the browser that asked for it."""
_AT_ONCE = 2
"""Passwords checked at the same time: each takes 64 MB for a moment."""


def routes(console: Console) -> list[Route]:
    """``/sign-in`` and ``/sign-out``."""
    enter = _few_at_once(in_thread(console, _enter))
    return [
        Route("/sign-in", in_thread(console, _show), methods=["GET"], name="sign-in"),
        Route("/sign-in", enter, methods=["POST"], name="enter"),
        Route("/sign-out", signed_in(console, _leave), methods=["POST"], name="sign-out"),
    ]


def _show(console: Console, request: Request, _form: Mapping[str, str]) -> Response:
    login = access.read(console, request.cookies.get(access.COOKIE, ""))
    if login is not None:
        with Session(console.engine) as db:
            if access.staff_of(db, login):
                return RedirectResponse(HOME, 303)
    return _page(console, request, after=request.query_params.get("next", ""))


def _enter(console: Console, request: Request, form: Mapping[str, str]) -> Response:
    nonce = request.cookies.get(_COOKIE, "")
    if not nonce or not access.fits(console, nonce, form.get("token", "")):
        return refuse_form(console, {})
    username, after = form.get("username", ""), form.get("next", "")
    now = console.clock()
    with Session(console.engine) as db:
        try:
            staff = accounts.authenticate(db, username, form.get("password", ""), now)
        except accounts.SignInRefused as refusal:
            return _page(
                console, request, after=after, username=username, problem=str(refusal), status=401
            )
        login = access.begin(staff, now)
    response = RedirectResponse(_inside(after), 303)
    access.keep(console, response, login)
    return response


def _leave(visit: Visit) -> Response:
    accounts.end_sessions(visit.staff)
    response = RedirectResponse("/desk/sign-in", 303)
    access.drop(response)
    return response


def _page(
    console: Console,
    request: Request,
    *,
    after: str,
    username: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    nonce = request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)
    response = console.page(
        "sign_in.html",
        status=status,
        token=access.token(console, nonce),
        after=after,
        username=username,
        problem=problem,
    )
    response.set_cookie(
        _COOKIE,
        nonce,
        path="/desk/sign-in",
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )
    return response


def _inside(after: str) -> str:
    """Where to go after signing in: never out of the console."""
    plain = after.startswith(HOME) and not set(after) & set("\\\r\n?#") and "//" not in after
    return after if plain else HOME


def _few_at_once(endpoint: Endpoint) -> Endpoint:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def gated(request: Request) -> Response:
        async with gate:
            return await endpoint(request)

    return gated
