"""Signing in – password, then a one-time code where the account asks for one – and out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from urllib.parse import quote

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import access, device
from bot.console.base import HOME, Console, Visit
from bot.console.guard import few_at_once, in_thread, refuse_form, signed_in
from bot.db.tables import Staff
from bot.desk import secondfactor
from bot.desk import staff as accounts

_COOKIE = "youjun_desk_form"
"""Ties the sign-in form to the browser that asked for it."""
_HALF = "youjun_desk_half"
"""Between the password and the code."""
log = logging.getLogger(__name__)


def routes(console: Console) -> list[Route]:
    """``/sign-in``, its second step and ``/sign-out``."""
    enter = few_at_once(in_thread(console, _enter))
    leave = signed_in(console, _leave, bare=True)
    return [
        Route("/sign-in", in_thread(console, _show), methods=["GET"], name="sign-in"),
        Route("/sign-in", enter, methods=["POST"], name="enter"),
        Route("/sign-in/code", in_thread(console, _ask), methods=["GET"], name="code"),
        Route("/sign-in/code", in_thread(console, _check), methods=["POST"], name="code-check"),
        Route("/sign-out", leave, methods=["POST"], name="sign-out"),
    ]


def _show(console: Console, request: Request, _form: Mapping[str, str]) -> Response:
    login = access.read(console, request.cookies.get(access.COOKIE, ""))
    if login is not None:
        with Session(console.engine) as db:
            if access.staff_of(db, login):
                return RedirectResponse(HOME, 303)
    return _page(console, request, after=request.query_params.get("next", ""))


def _enter(console: Console, request: Request, form: Mapping[str, str]) -> Response:
    if not _fits(console, request, form):
        return refuse_form(console, {})
    username, after = form.get("username", ""), form.get("next", "")
    now, origin = console.clock(), device.origin(console, request, username)
    with Session(console.engine) as db:
        try:
            staff = accounts.authenticate(db, username, form.get("password", ""), now, origin)
        except accounts.SignInRefused as refusal:
            log.warning("a sign-in was refused")  # no name: it may be a password in the wrong field
            return _page(
                console, request, after=after, username=username, problem=str(refusal), status=401
            )
        if staff.totp_secret is not None:
            return _to_second_step(console, staff, after)
        return _let_in(console, request, staff, after)


def _ask(console: Console, request: Request, _form: Mapping[str, str]) -> Response:
    with Session(console.engine) as db:
        if access.past_password(console, db, request.cookies.get(_HALF, "")) is None:
            return RedirectResponse("/desk/sign-in", 303)
    after = request.query_params.get("next", "")
    return _page(console, request, after=after, template="sign_in_code.html")


def _check(console: Console, request: Request, form: Mapping[str, str]) -> Response:
    if not _fits(console, request, form):
        return refuse_form(console, {})
    after = form.get("next", "")
    with Session(console.engine) as db:
        staff = access.past_password(console, db, request.cookies.get(_HALF, ""))
        if staff is None or staff.totp_secret is None:
            return RedirectResponse("/desk/sign-in", 303)
        try:
            secondfactor.check(db, staff, form.get("code", ""), console.clock())
        except accounts.SignInRefused as refusal:
            log.warning("a one-time code of staff %d was refused", staff.id)
            words, page = str(refusal), "sign_in_code.html"
            return _page(console, request, after=after, problem=words, status=401, template=page)
        return _let_in(console, request, staff, after)


def _to_second_step(console: Console, staff: Staff, after: str) -> Response:
    response = RedirectResponse(f"/desk/sign-in/code?next={quote(_inside(after))}", 303)
    response.set_cookie(
        _HALF,
        access.halfway(console, staff),
        max_age=int(access.HALFWAY.total_seconds()),
        path="/desk/sign-in",
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )
    return response


def _let_in(console: Console, request: Request, staff: Staff, after: str) -> Response:
    """A new session, whatever the browser held before."""
    response = RedirectResponse(_inside(after), 303)
    access.keep(console, response, access.begin(staff, console.clock()))
    device.remember(console, request, response, staff.username)
    response.delete_cookie(_HALF, path="/desk/sign-in", httponly=True, samesite="lax")
    log.info("staff %d signed in", staff.id)
    return response


def _leave(visit: Visit) -> Response:
    accounts.end_sessions(visit.staff)
    response = RedirectResponse("/desk/sign-in", 303)
    access.drop(response)
    return response


def _fits(console: Console, request: Request, form: Mapping[str, str]) -> bool:
    """Whether the form was made for this browser."""
    nonce = request.cookies.get(_COOKIE, "")
    return bool(nonce) and access.fits(console, nonce, form.get("token", ""))


def _page(
    console: Console,
    request: Request,
    *,
    after: str,
    username: str = "",
    problem: str = "",
    status: int = 200,
    template: str = "sign_in.html",
) -> Response:
    nonce = request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)
    response = console.page(
        template,
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
