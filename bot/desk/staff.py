"""Accounts of the people who work the desk: making them, closing them, letting them in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, select

from bot.db.tables import Staff, now
from bot.desk import history, notices, passwords, throttle
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused
from bot.desk.throttle import Meter

TRIES = 5
"""Wrong passwords before an account is locked: for a browser that signed in before, on that
browser alone; for all others together."""
OF_A_NETWORK = 30
"""Wrong passwords from one network, before its unknown browsers must wait."""
_USERNAME = re.compile(r"[\w.-]{2,32}")
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c2l4dGVlbi1ieXRlcy4uLg$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Checked for unknown names, so that they take as long as known ones; no password fits it."""


class SignInRefused(Exception):
    """Nobody was let in; the message says why, as far as a stranger may know."""


@dataclass(frozen=True)
class Origin:
    """Where a sign-in comes from."""

    device: str = ""
    """Names a browser that signed in to this account before; ``""`` for all others."""
    network: str = ""
    """Names the network; need not be readable."""


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
    passwords.check(password, username, name)
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


def named(session: Session, username: str) -> Staff:
    """The account of this name. Raises Refused when there is none."""
    staff = _find(session, _plain(username))
    if staff is None:
        raise Refused(f"没有登录名为 {username} 的账号")
    return staff


def disable(session: Session, username: str) -> None:
    """Close an account and end its sign-ins at once; the caller commits.

    Raises Refused when there is no such account.
    """
    staff = named(session, username)
    staff.disabled_at = staff.disabled_at or now()
    end_sessions(staff)


def set_password(session: Session, username: str, password: str, *, by: str = "system") -> None:
    """Give an account a new password and end its sign-ins; the caller commits.

    Raises Refused when there is no such account, and WeakPassword.
    """
    staff = named(session, username)
    username = staff.username
    passwords.check(password, username, staff.name)
    staff.password_hash = PasswordHasher().hash(password)
    throttle.forget(session, Meter("account", username, TRIES))
    end_sessions(staff)
    tell_owner(session, staff, "密码已更换")
    history.note(session, None, by, "password", after=username)


def tell_owner(session: Session, staff: Staff, what: str) -> None:
    """Somebody changed how ``staff`` sign in: they see it in the console, whoever it was."""
    words = f"您的账号：{what}。不是您本人办的，请马上告诉管理员"
    notices.give(session, [staff], None, "account", words)


def end_sessions(staff: Staff) -> None:
    """Sign ``staff`` out everywhere; the caller commits."""
    staff.epoch += 1


def authenticate(
    session: Session, username: str, password: str, now: datetime, origin: Origin = Origin()
) -> Staff:
    """The member of staff these words belong to.

    Commits: an attempt is counted before the password is looked at, so that guessing in parallel
    gains nothing, and no transaction is open during the slow check. Raises SignInRefused.
    """
    username = _plain(username)
    staff = _find(session, username)
    stored = staff.password_hash if staff else _NOBODY
    last = _count(session, username, origin, now)
    if not _fits(stored, password) or staff is None:
        raise SignInRefused(_locked(last, origin) if last else _wrong())
    if staff.disabled_at is not None:
        session.rollback()
        raise SignInRefused("这个账号已停用，请联系管理员")
    throttle.forget(session, _of_account(username, origin))
    for network in _of_network(origin):
        throttle.give_back(session, network)
    if PasswordHasher().check_needs_rehash(stored):
        staff.password_hash = PasswordHasher().hash(password)
    session.commit()
    return staff


def confirm(session: Session, staff: Staff, password: str, now: datetime) -> None:
    """Have somebody who is signed in prove who they are once more; commits. Raises SignInRefused."""
    meter, stored = Meter("confirm", str(staff.id), TRIES), staff.password_hash
    try:
        throttle.count(session, meter, now)
    except throttle.Locked as locked:
        raise SignInRefused(f"密码输错太多次，{clock(locked.until)} 后可以再试") from None
    if not _fits(stored, password):
        raise SignInRefused("现在的密码不对")
    throttle.forget(session, meter)
    session.commit()


def clock(until: datetime) -> str:
    """The first whole minute after ``until``, as clocks in Nantong show it."""
    return (until.astimezone(BEIJING) + timedelta(seconds=59)).strftime("%H:%M")


def _count(session: Session, username: str, origin: Origin, now: datetime) -> datetime | None:
    """Count one attempt; the end of the lock if it was the last. Raises SignInRefused."""
    meters = [*_of_network(origin), _of_account(username, origin)]
    try:
        ends = [throttle.count(session, meter, now) for meter in meters]
    except throttle.Locked as locked:
        raise SignInRefused(_locked(locked.until, origin)) from None
    return next((end for end in ends if end), None)


def _of_network(origin: Origin) -> tuple[Meter, ...]:
    """Browsers that signed in before do not count."""
    if origin.device or not origin.network:
        return ()
    return (Meter("network", origin.network, OF_A_NETWORK),)


def _of_account(username: str, origin: Origin) -> Meter:
    if origin.device:
        return Meter("device", f"{username} {origin.device}", TRIES)
    return Meter("account", username, TRIES)


def _fits(stored: str, password: str) -> bool:
    if len(password) > passwords.LONGEST:
        return False
    try:
        return PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


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


def _locked(until: datetime, origin: Origin) -> str:
    if origin.device:
        return f"密码连续输错 {TRIES} 次，账号在这台设备上已锁定，{clock(until)} 后可以再试"
    return (
        f"密码输错太多次，账号在没登录过的设备上已锁定，{clock(until)} 后可以再试；"
        "平时登录用的设备不受影响"
    )
