"""One-time codes from a phone (TOTP, RFC 6238) beside the password, and codes for a lost phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlmodel import Session, col, select

from bot.db.tables import Staff
from bot.desk import history, throttle
from bot.desk.finding import Refused
from bot.desk.staff import TRIES, SignInRefused, clock, end_sessions, tell_owner
from bot.desk.throttle import Meter

_STEP = 30
"""Seconds a code is shown."""
_BESIDE = (0, -1, 1)
"""Half minutes that count: phones are a little late or early."""
_RECOVERY = 8
_ISSUER = "通通优军"
_CHANGED = {"totp-on": "动态验证码已开启", "totp-off": "动态验证码已停用"}


def new_secret() -> str:
    """A secret as authenticator apps take it: 160 bits in base 32."""
    return base64.b32encode(os.urandom(20)).decode("ascii")


def address(secret: str, username: str) -> str:
    """What the QR code says (``otpauth://``)."""
    return _totp(secret).get_provisioning_uri(username, _ISSUER)


def enrol(session: Session, staff: Staff, secret: str, code: str, now: datetime) -> list[str]:
    """Ask ``staff`` for codes from now on and end their other sign-ins; the codes for a lost phone.
    The caller commits. Raises Refused when ``code`` is not what the phone shows."""
    step = _step_of(secret, code, now)
    if step is None:
        raise Refused("这 6 位数字不对。请看手机上现在显示的数字；手机时间要准")
    codes = [secrets.token_hex(5) for _ in range(_RECOVERY)]
    staff.totp_secret, staff.totp_step = secret, step
    staff.recovery = [_digest(one) for one in codes]
    end_sessions(staff)
    _note(session, staff, "totp-on", f"staff:{staff.username}", now)
    return codes


def remove(session: Session, staff: Staff, by: str, now: datetime) -> None:
    """The password alone lets ``staff`` in again; ends their sign-ins. The caller commits."""
    staff.totp_secret, staff.totp_step, staff.recovery = None, 0, None
    end_sessions(staff)
    _note(session, staff, "totp-off", by, now)


def check(session: Session, staff: Staff, code: str, now: datetime) -> None:
    """Use up one code. Commits, as ``throttle.count`` does. Raises SignInRefused."""
    meter = Meter("code", str(staff.id), TRIES)
    try:
        throttle.count(session, meter, now)
    except throttle.Locked as locked:
        raise SignInRefused(f"输错太多次，{clock(locked.until)} 后可以再试") from None
    if not _use(session, staff, code, now):
        session.rollback()
        raise SignInRefused("数字不对或已经用过，请看手机上现在显示的 6 位数字")
    throttle.forget(session, meter)
    session.commit()


def _use(session: Session, staff: Staff, code: str, now: datetime) -> bool:
    """Whether ``code`` was good; then it is not any more. The row is held until commit."""
    query = select(Staff).where(col(Staff.id) == staff.id).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one()
    code = "".join(code.split()).lower()
    if not code.isascii() or row.totp_secret is None:
        return False
    step = _step_of(row.totp_secret, code, now)
    if step is not None and step > row.totp_step:
        row.totp_step = step
        return True
    left = [one for one in row.recovery or [] if not hmac.compare_digest(one, _digest(code))]
    used = len(left) < len(row.recovery or [])
    row.recovery = left
    return used


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute ``code`` was made for, if it is one of the latest."""
    step, code = int(now.timestamp()) // _STEP, "".join(code.split())
    good = (at for at in _steps(step) if hmac.compare_digest(_code(secret, at), code.encode()))
    return next(good, None)


def _steps(step: int) -> Iterator[int]:
    return (step + beside for beside in _BESIDE)


def _code(secret: str, step: int) -> bytes:
    return _totp(secret).generate(step * _STEP)


def _totp(secret: str) -> TOTP:
    # SHA-1 and six figures: what every authenticator app can do.
    return TOTP(base64.b32decode(secret), 6, SHA1(), _STEP)  # noqa: S303


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _note(session: Session, staff: Staff, kind: str, by: str, now: datetime) -> None:
    tell_owner(session, staff, _CHANGED[kind])
    history.note(session, None, by, kind, after=staff.username, at=now)
