"""Browsers that signed in before: strangers who guess passwords cannot lock them out."""

from __future__ import annotations

import secrets
from datetime import timedelta

from itsdangerous import BadSignature
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.webchat_limits import network
from bot.console import access
from bot.console.base import Console
from bot.desk.staff import Origin

COOKIE = "youjun_desk_device"
_KEPT = timedelta(days=180)
_MOST = 8
"""Colleagues who share one browser."""


def origin(console: Console, request: Request, username: str) -> Origin:
    """Where somebody signs in from."""
    id, known = _read(console, request)
    device = id if _name(console, username) in known else ""
    host = request.client.host if request.client else ""
    return Origin(device, access.sealed(console, f"network {network(host)}"))


def remember(console: Console, request: Request, response: Response, username: str) -> None:
    """This browser belongs to ``username``, among others perhaps. Opens nothing by itself."""
    id, known = _read(console, request)
    mine = _name(console, username)
    names = [mine, *(name for name in known if name != mine)][:_MOST]
    response.set_cookie(
        COOKIE,
        str(access.signer(console, "device").dumps([id or secrets.token_urlsafe(16), names])),
        max_age=int(_KEPT.total_seconds()),
        path="/desk/sign-in",
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )


def _read(console: Console, request: Request) -> tuple[str, list[str]]:
    try:
        id, names = access.signer(console, "device").loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, TypeError, ValueError):
        return "", []
    return str(id), list(names)


def _name(console: Console, username: str) -> str:
    return access.sealed(console, f"device {username.strip().casefold()}")[:16]
