"""Staff who are away: their tickets go back to the queue, and they come back by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, and_, or_
from sqlmodel import Session, col, select

from bot.db.tables import Staff, Ticket
from bot.desk import history, moving
from bot.desk.finding import Refused


def leave(
    session: Session, staff: Staff, *, start: datetime, end: datetime, by: str, at: datetime
) -> None:
    """Note an absence; it ends by itself. Raises Refused for one that ends before it begins."""
    if end <= start or end <= at:
        raise Refused("结束时间要晚于开始时间和现在")
    staff.away_from, staff.away_until = start, end
    history.note(session, None, by, "away", before=staff.username, after=end.isoformat(), at=at)


def come_back(session: Session, staff: Staff, *, by: str, at: datetime) -> None:
    """End an absence early."""
    staff.away_from = staff.away_until = None
    history.note(session, None, by, "back", before=staff.username, at=at)


def return_tickets(engine: Engine, now: datetime) -> int:
    """Put the open tickets of everybody who is away or gone back to the queue; how many."""
    gone = or_(
        col(Staff.disabled_at).is_not(None),
        and_(col(Staff.away_from) <= now, col(Staff.away_until) > now),
    )
    query = (
        select(Ticket)
        .join(Staff, col(Staff.id) == col(Ticket.owner))
        .where(col(Ticket.queue_at).is_not(None), gone)
        .order_by(col(Ticket.id))
        .with_for_update(of=Ticket)
    )
    with Session(engine) as session:
        found = session.exec(query).all()
        for ticket in found:
            moving.returned(session, ticket, "system", "承办人不在岗，自动退回待认领", at=now)
        session.commit()
        return len(found)
