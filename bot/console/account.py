"""``/desk/account``: one's own password, and one-time codes from one's phone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import segno
from itsdangerous import BadSignature
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import access
from bot.console.base import Action, Console, Visit
from bot.console.guard import few_at_once, signed_in
from bot.desk import secondfactor
from bot.desk import staff as accounts
from bot.desk.finding import Refused
from bot.desk.passwords import WeakPassword

_DONE = {"password": "密码已更换，别处的登录都已退出。", "off": "动态验证码已停用。"}


def routes(console: Console) -> list[Route]:
    """The page and its forms; open also to those who must set up a second factor first."""

    def route(path: str, action: Action, name: str, *, method: str = "POST") -> Route:
        endpoint = few_at_once(signed_in(console, action, bare=True))
        return Route(f"/account{path}", endpoint, methods=[method], name=name)

    return [
        route("", _page, "account", method="GET"),
        route("/password", _password, "own-password"),
        route("/codes", _begin, "codes-begin"),
        route("/codes/confirm", _confirm, "codes-confirm"),
        route("/codes/off", _off, "codes-off"),
    ]


def _page(visit: Visit, problem: str = "", **more: Any) -> Response:
    context = {"setup": None, "recovery": (), "done": "", "problem": problem} | more
    context["done"] = context["done"] or _DONE.get(visit.request.query_params.get("done", ""), "")
    return visit.page(
        "account.html",
        status=409 if problem else 200,
        has_codes=visit.staff.totp_secret is not None,
        demanded=_demanded(visit),
        left=len(visit.staff.recovery or ()),
        **context,
    )


def _password(visit: Visit) -> Response:
    """Change the password; this browser stays signed in, all others do not."""
    new = visit.form.get("new", "")
    if new != visit.form.get("again", ""):
        return _page(visit, "两次输入的新密码不一样，没有更换")
    try:
        _prove(visit)
        accounts.set_password(visit.db, visit.staff.username, new, by=_me(visit))
    except (accounts.SignInRefused, WeakPassword) as problem:
        return _page(visit, f"{problem}。密码没有更换")
    return _signed_in_anew(visit, lambda _: RedirectResponse("/desk/account?done=password", 303))


def _begin(visit: Visit) -> Response:
    """Show the QR code for the phone; nothing holds until the phone's figures come back."""
    try:
        _prove(visit)
    except accounts.SignInRefused as problem:
        return _page(visit, str(problem))
    return _show_setup(visit, secondfactor.new_secret())


def _confirm(visit: Visit) -> Response:
    secret = _offered(visit)
    if secret is None:
        return _page(visit, "页面已过期，请从“开启”重新开始")
    try:
        code = visit.form.get("code", "")
        recovery = secondfactor.enrol(visit.db, visit.staff, secret, code, visit.now)
    except Refused as problem:
        return _show_setup(visit, secret, str(problem))
    return _signed_in_anew(
        visit, lambda anew: _page(anew, recovery=recovery, done="动态验证码已开启。")
    )


def _off(visit: Visit) -> Response:
    if _demanded(visit):
        return _page(visit, "您的角色必须使用动态验证码，不能自己停用；换手机请管理员重置")
    try:
        _prove(visit)
    except accounts.SignInRefused as problem:
        return _page(visit, str(problem))
    secondfactor.remove(visit.db, visit.staff, _me(visit), visit.now)
    return _signed_in_anew(visit, lambda _: RedirectResponse("/desk/account?done=off", 303))


def _show_setup(visit: Visit, secret: str, problem: str = "") -> Response:
    uri = secondfactor.address(secret, visit.staff.username)
    picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4)
    offer = str(access.signer(visit.console, "codes").dumps([secret, visit.staff.id, _at(visit)]))
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return _page(visit, problem, setup={"picture": picture, "groups": groups, "offer": offer})


def _offered(visit: Visit) -> str | None:
    """The secret this person was shown a moment ago."""
    try:
        offer = access.signer(visit.console, "codes").loads(visit.form.get("offer", ""))
        secret, staff, at = offer
    except (BadSignature, TypeError, ValueError):
        return None
    fresh = _at(visit) - at < access.HALFWAY.total_seconds() * 2
    return str(secret) if staff == visit.staff.id and fresh else None


def _prove(visit: Visit) -> None:
    accounts.confirm(visit.db, visit.staff, visit.form.get("password", ""), visit.now)


def _signed_in_anew(visit: Visit, action: Action) -> Response:
    """Their sign-ins were ended; this browser gets a new one, and a page whose forms fit it."""
    login = access.begin(visit.staff, visit.now)
    response = action(replace(visit, token=access.token(visit.console, login.nonce)))
    access.keep(visit.console, response, login)
    return response


def _demanded(visit: Visit) -> bool:
    return access.must_use_codes(visit.console, visit.db, visit.staff)


def _me(visit: Visit) -> str:
    return f"staff:{visit.staff.username}"


def _at(visit: Visit) -> int:
    return int(visit.now.timestamp())
