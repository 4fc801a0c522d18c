"""Who is asking: the signed session cookie and the token every form must carry."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session
from starlette.responses import Response

from bot.console.base import Console
from bot.db.tables import Staff

COOKIE = "youjun_desk"
LONGEST = timedelta(hours=8)
"""A sign-in ends after this long …"""
IDLE = timedelta(hours=2)
"""… or when nothing was opened or sent for this long; the pages' own polling does not count."""
_REFRESH = timedelta(minutes=1)


@dataclass(frozen=True)
class Login:
    """What the session cookie says. Moments are seconds since 1970."""

    staff: int
    epoch: int
    issued: int
    seen: int
    nonce: str


def begin(staff: Staff, now: datetime) -> Login:
    """A new sign-in."""
    at = int(now.timestamp())
    return Login(staff.id or 0, staff.epoch, at, at, secrets.token_urlsafe(16))


def read(console: Console, cookie: str) -> Login | None:
    """The sign-in a cookie stands for; None when it is forged, too old or idle for too long."""
    try:
        login = Login(**_signer(console).loads(cookie))
    except (BadSignature, TypeError):
        return None
    now = console.clock().timestamp()
    fresh = now - login.issued < LONGEST.total_seconds() and now - login.seen < IDLE.total_seconds()
    return login if fresh else None


def staff_of(db: Session, login: Login) -> Staff | None:
    """Whose sign-in it is; None when it was ended or the account disabled."""
    staff = db.get(Staff, login.staff)
    if staff is None or staff.disabled_at is not None or staff.epoch != login.epoch:
        return None
    return staff


def keep(console: Console, response: Response, login: Login) -> None:
    """Put the sign-in into the browser's cookie."""
    response.set_cookie(
        COOKIE,
        str(_signer(console).dumps(asdict(login))),
        max_age=int(LONGEST.total_seconds()),
        path="/desk",
        httponly=True,
        samesite="lax",
        secure=console.secure_cookies,
    )


def refresh(console: Console, response: Response, login: Login) -> None:
    """Note that the person is active, at most once a minute."""
    now = int(console.clock().timestamp())
    if now - login.seen >= _REFRESH.total_seconds():
        keep(console, response, replace(login, seen=now))


def drop(response: Response) -> None:
    """Take the sign-in out of the browser."""
    response.delete_cookie(COOKIE, path="/desk", httponly=True, samesite="lax")


def token(console: Console, nonce: str) -> str:
    """What a form made for this session, or this sign-in page, must carry."""
    return hmac.new(_key(console), b"form:" + nonce.encode(), hashlib.sha256).hexdigest()


def fits(console: Console, nonce: str, given: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(token(console, nonce).encode(), given.encode())


def _key(console: Console) -> bytes:
    return hashlib.sha256(b"desk:" + console.secret.encode()).digest()


def _signer(console: Console) -> URLSafeSerializer:
    return URLSafeSerializer(
        _key(console), salt="sign-in", signer_kwargs={"digest_method": hashlib.sha256}
    )
