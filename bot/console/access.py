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
from bot.desk import roles

COOKIE = "youjun_desk"
LONGEST = timedelta(hours=8)
"""A sign-in ends after this long …"""
IDLE = timedelta(hours=2)
"""… or when nothing was opened or sent for this long; the pages' own polling does not count."""
HALFWAY = timedelta(minutes=5)
"""Between the password and the one-time code."""
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
        login = Login(**signer(console, "sign-in").loads(cookie))
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


def must_use_codes(console: Console, db: Session, staff: Staff) -> bool:
    """Whether a role of theirs asks for one-time codes."""
    if not console.second_factor:
        return False
    return any(grant.role in console.second_factor for grant in roles.grants(db, staff))


def lacks_second_factor(console: Console, db: Session, staff: Staff) -> bool:
    """Whether they have yet to set up the one-time codes their role asks for."""
    return staff.totp_secret is None and must_use_codes(console, db, staff)


def keep(console: Console, response: Response, login: Login) -> None:
    """Put the sign-in into the browser's cookie."""
    response.set_cookie(
        COOKIE,
        str(signer(console, "sign-in").dumps(asdict(login))),
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


def halfway(console: Console, staff: Staff) -> str:
    """What the browser holds between the password and the one-time code; opens nothing else."""
    at = int(console.clock().timestamp())
    return str(signer(console, "halfway").dumps([staff.id, staff.epoch, at]))


def past_password(console: Console, db: Session, cookie: str) -> Staff | None:
    """Whose password was right within the last minutes."""
    try:
        id, epoch, at = signer(console, "halfway").loads(cookie)
    except (BadSignature, TypeError, ValueError):
        return None
    if console.clock().timestamp() - at >= HALFWAY.total_seconds():
        return None
    return staff_of(db, Login(id, epoch, at, at, ""))


def token(console: Console, nonce: str) -> str:
    """What a form made for this session, or this sign-in page, must carry."""
    return hmac.new(_key(console), b"form:" + nonce.encode(), hashlib.sha256).hexdigest()


def fits(console: Console, nonce: str, given: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(token(console, nonce).encode(), given.encode())


def signer(console: Console, purpose: str) -> URLSafeSerializer:
    """Signs what a browser keeps for us; what was signed for one purpose fits no other."""
    return URLSafeSerializer(
        _key(console), salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
    )


def sealed(console: Console, text: str) -> str:
    """A name for ``text`` that nobody can turn back."""
    return hmac.new(_key(console), b"name:" + text.encode(), hashlib.sha256).hexdigest()


def _key(console: Console) -> bytes:
    return hashlib.sha256(b"desk:" + console.secret.encode()).digest()
