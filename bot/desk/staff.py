"""Accounts of the people who work the desk: making them, closing them, letting them in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from bot.db.tables import Staff, now
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused

SHORTEST = 10
"""Characters a password needs."""
TRIES = 5
"""Wrong passwords before the account is locked …"""
LOCK = timedelta(minutes=15)
"""… for this long."""
_USERNAME = re.compile(r"[\w.-]{2,32}")
_OBVIOUS = frozenset({"1234567890", "0123456789", "password123", "qwertyuiop", "1qaz2wsx3edc"})
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c2l4dGVlbi1ieXRlcy4uLg$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Checked for unknown names, so that they take as long as known ones; no password fits it."""


class WeakPassword(ValueError):
    """The password is too easy to guess; the message says what is wrong with it."""


class SignInRefused(Exception):
    """Nobody was let in; the message says why, as far as a stranger may know."""


def add(
    session: Session,
    username: str,
    name: str,
    password: str,
    *,
    role: str = "clerk",
    county: str | None = None,
    telegram_id: int | None = None,
) -> Staff:
    """Store a new account; the caller has checked ``county`` and commits.

    Raises WeakPassword, and Refused when the name or the Telegram account is taken.
    """
    username = _plain(username)
    if not _USERNAME.fullmatch(username):
        raise Refused("登录名用 2 到 32 个字母、数字、汉字、点、横线或下划线")
    if not name.strip():
        raise Refused("请写称呼，例如 李同志")
    _check(password, username)
    if _find(session, username):
        raise Refused(f"登录名 {username} 已经有人用了，请换一个")
    if telegram_id is not None and _has_telegram(session, telegram_id):
        raise Refused(f"Telegram 账号 {telegram_id} 已绑定给别的工作人员")
    staff = Staff(
        username=username,
        name=name.strip(),
        password_hash=PasswordHasher().hash(password),
        role=role,
        county=county,
        telegram_id=telegram_id,
    )
    session.add(staff)
    session.flush()
    return staff


def disable(session: Session, username: str) -> None:
    """Close an account and end its sign-ins at once; the caller commits.

    Raises Refused when there is no such account.
    """
    staff = _find(session, _plain(username))
    if staff is None:
        raise Refused(f"没有登录名为 {username} 的账号")
    staff.disabled_at = staff.disabled_at or now()
    end_sessions(staff)


def set_password(session: Session, username: str, password: str) -> None:
    """Give an account a new password and end its sign-ins; the caller commits.

    Raises Refused when there is no such account, and WeakPassword.
    """
    username = _plain(username)
    staff = _find(session, username)
    if staff is None:
        raise Refused(f"没有登录名为 {username} 的账号")
    _check(password, username)
    staff.password_hash = PasswordHasher().hash(password)
    staff.failures, staff.locked_until = 0, None
    end_sessions(staff)


def end_sessions(staff: Staff) -> None:
    """Sign ``staff`` out everywhere; the caller commits."""
    staff.epoch += 1


def authenticate(session: Session, username: str, password: str, now: datetime) -> Staff:
    """The member of staff these words belong to.

    Commits: an attempt is counted before the password is looked at, so that guessing in parallel
    gains nothing, and no transaction is open during the slow check. Raises SignInRefused.
    """
    staff = _find(session, _plain(username))
    if staff is None:
        session.rollback()
        _fits(_NOBODY, password)
        raise SignInRefused(_wrong())
    stored, locked_until = staff.password_hash, _count(session, staff, now)
    if not _fits(stored, password):
        raise SignInRefused(_locked(locked_until) if locked_until else _wrong())
    if staff.disabled_at is not None:
        session.rollback()
        raise SignInRefused("这个账号已停用，请联系管理员")
    staff.failures, staff.locked_until = 0, None
    if PasswordHasher().check_needs_rehash(stored):
        staff.password_hash = PasswordHasher().hash(password)
    session.commit()
    return staff


def _count(session: Session, staff: Staff, now: datetime) -> datetime | None:
    """Count one attempt; the end of the lock if it was the last. Raises SignInRefused."""
    free = or_(col(Staff.locked_until).is_(None), col(Staff.locked_until) <= now)
    counted = session.exec(
        update(Staff)
        .where(col(Staff.id) == staff.id, free)
        .values(failures=Staff.failures + 1, locked_until=None)
    )
    session.refresh(staff)
    if counted.rowcount != 1:
        until = staff.locked_until or now
        session.rollback()
        raise SignInRefused(_locked(until))
    if staff.failures >= TRIES:
        staff.failures, staff.locked_until = 0, now + LOCK
    locked_until = staff.locked_until
    session.commit()
    return locked_until


def _fits(stored: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _check(password: str, username: str) -> None:
    if len(password) < SHORTEST:
        raise WeakPassword(f"密码至少 {SHORTEST} 个字符")
    plain = password.casefold()
    if plain.strip() == username:
        raise WeakPassword("密码不能和登录名一样")
    if plain in _OBVIOUS or len(set(plain)) < 4:
        raise WeakPassword("这个密码太容易猜到，请换一个")


def _find(session: Session, username: str) -> Staff | None:
    return session.exec(select(Staff).where(Staff.username == username)).first()


def _has_telegram(session: Session, telegram_id: int) -> bool:
    return (
        session.exec(select(Staff.id).where(Staff.telegram_id == telegram_id)).first() is not None
    )


def _plain(username: str) -> str:
    return username.strip().casefold()


def _wrong() -> str:
    return "登录名或密码不对"


def _locked(until: datetime) -> str:
    clock = (until.astimezone(BEIJING) + timedelta(seconds=59)).strftime("%H:%M")
    return f"密码连续输错 {TRIES} 次，账号已锁定，{clock} 后可以再试"
