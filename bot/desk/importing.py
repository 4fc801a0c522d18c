"""Brings an organisation file into the database: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from bot.db.desk import DeskRules, Membership
from bot.db.tables import Desk, Staff, Ticket
from bot.desk import history
from bot.desk.officefile import OrganisationError
from bot.desk.organisation import DeskRow, Organisation, StaffRow

NO_PASSWORD = "-"  # noqa: S105 - no password has this hash
"""The hash of an account nobody can sign in with yet."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    desks: int
    staff: int
    closed: tuple[str, ...]
    """Names of desks that are no longer in the file."""
    without_password: tuple[str, ...]
    """Accounts that were made and need a password."""


def store(session: Session, organisation: Organisation, *, now: datetime) -> Imported:
    """Make the database say what the file says; the caller commits.

    Desks that are not in the file are closed. Raises OrganisationError if one of those still has
    open tickets.
    """
    codes = _store_desks(session, organisation.desks)
    closed = _close_others(session, set(codes), now)
    session.exec(delete(Membership))
    made = [one for row in organisation.staff if (one := _store_staff(session, row, codes))]
    session.add(DeskRules(at=now, document=organisation.rules.model_dump(mode="json")))
    history.note(
        session,
        None,
        "system",
        "organised",
        after=f"{len(codes)} 个部门、{len(organisation.staff)} 个岗位",
        at=now,
    )
    return Imported(len(codes), len(organisation.staff), closed, tuple(made))


def _store_desks(session: Session, rows: tuple[DeskRow, ...]) -> dict[str, int]:
    known = {desk.code: desk for desk in session.exec(select(Desk)).all()}
    for row in rows:
        desk = known.setdefault(row.code, Desk(code=row.code, name=row.name))
        desk.name, desk.county, desk.town = row.name, row.county, row.town
        desk.topics, desk.telegram_group = list(row.topics), row.telegram_group
        desk.telegram_replies = row.telegram_replies
        desk.closed_at, desk.parent = None, None
        session.add(desk)
    session.flush()
    for row in rows:
        if row.parent:
            known[row.code].parent = known[row.parent].id
    session.flush()
    return {row.code: known[row.code].id or 0 for row in rows}


def _close_others(session: Session, codes: set[str], now: datetime) -> tuple[str, ...]:
    others = select(Desk).where(col(Desk.code).not_in(codes), col(Desk.closed_at).is_(None))
    closed = session.exec(others).all()
    for desk in closed:
        waiting = session.exec(
            select(func.count())
            .select_from(Ticket)
            .where(Ticket.desk == desk.id, col(Ticket.resolved_at).is_(None))
        ).one()
        if waiting:
            raise OrganisationError(
                f"文件里没有{desk.name}（{desk.code}），但它还有 {waiting} 张没办完的工单："
                "请先转派这些工单，或把部门留在文件里"
            )
        desk.closed_at = now
    return tuple(desk.name for desk in closed)


def _store_staff(session: Session, row: StaffRow, codes: dict[str, int]) -> str | None:
    """Give somebody their role; the username if the account is new."""
    username = row.username.casefold()
    staff = session.exec(select(Staff).where(Staff.username == username)).first()
    new = staff is None
    if staff is None:
        staff = Staff(username=username, name=row.name, password_hash=NO_PASSWORD)
        desk = session.get(Desk, codes[row.desk])
        staff.county = desk.county if desk else None
        session.add(staff)
    staff.name, staff.telegram_id = row.name, row.telegram_id or staff.telegram_id
    session.flush()
    session.add(Membership(staff=staff.id or 0, desk=codes[row.desk], role=row.role))
    session.flush()
    return username if new else None
