"""What staff are told in the console, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from bot.db.desk import Notice
from bot.db.tables import Staff, Ticket, now


def give(
    session: Session,
    people: Iterable[Staff],
    ticket: Ticket | None,
    kind: str,
    text: str,
    *,
    at: datetime | None = None,
) -> None:
    """Put a line into the console of each."""
    session.add_all(
        Notice(
            staff=one.id or 0,
            ticket_id=ticket.id if ticket else None,
            kind=kind,
            text=text,
            at=at or now(),
        )
        for one in people
    )


def unseen(session: Session, staff: Staff, limit: int = 50) -> list[Notice]:
    """What somebody has not seen yet, newest first."""
    query = select(Notice).where(Notice.staff == staff.id, col(Notice.seen_at).is_(None))
    return list(session.exec(query.order_by(col(Notice.id).desc()).limit(limit)).all())


def count(session: Session, staff: Staff) -> int:
    """How many lines wait for somebody."""
    query = select(func.count()).select_from(Notice)
    return session.exec(query.where(Notice.staff == staff.id, col(Notice.seen_at).is_(None))).one()


def saw(session: Session, staff: Staff, *, ticket: Ticket | None = None, at: datetime) -> None:
    """They have seen everything, or everything about one ticket."""
    query = update(Notice).where(col(Notice.staff) == staff.id, col(Notice.seen_at).is_(None))
    if ticket is not None:
        query = query.where(col(Notice.ticket_id) == ticket.id)
    session.exec(query.values(seen_at=at))
