"""What staff have written and not sent, kept per person, and who has a ticket open."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from bot.db.desk import Presence, WrittenDraft
from bot.db.tables import Staff, Ticket

HERE = timedelta(seconds=40)
"""A page that has not called for this long is closed."""
TYPING = timedelta(seconds=20)


def keep(
    session: Session, ticket: Ticket, staff: Staff, kind: str, text: str, *, at: datetime
) -> None:
    """Keep what somebody has written so far; nothing written is nothing kept."""
    found = _find(session, ticket, staff, kind)
    if found is None and text:
        found = WrittenDraft(ticket_id=ticket.id or 0, staff=staff.id or 0, kind=kind, text=text)
        session.add(found)
    elif found is not None and not text:
        session.delete(found)
    elif found is not None:
        found.text, found.at = text, at


def written(session: Session, ticket: Ticket, staff: Staff, kind: str) -> str:
    """What somebody has written so far."""
    found = _find(session, ticket, staff, kind)
    return found.text if found else ""


def sent(session: Session, ticket: Ticket, staff: Staff, kind: str) -> None:
    """It was sent: the draft is done with."""
    session.exec(
        delete(WrittenDraft).where(
            col(WrittenDraft.ticket_id) == ticket.id,
            col(WrittenDraft.staff) == staff.id,
            col(WrittenDraft.kind) == kind,
        )
    )


def here(
    session: Session, ticket: Ticket, staff: Staff, *, typing: bool, at: datetime
) -> list[str]:
    """Note that somebody has the ticket open; what the others there do, in words."""
    found = session.get(Presence, (ticket.id, staff.id))
    if found is None:
        found = Presence(ticket_id=ticket.id or 0, staff=staff.id or 0)
        session.add(found)
    found.seen_at = at
    found.typed_at = at if typing else found.typed_at
    session.flush()
    query = (
        select(Staff.name, Presence.typed_at)
        .join(Presence, col(Presence.staff) == col(Staff.id))
        .where(
            Presence.ticket_id == ticket.id,
            Presence.staff != staff.id,
            col(Presence.seen_at) > at - HERE,
        )
        .order_by(col(Staff.id))
    )
    return [
        f"{name}正在回复" if typed is not None and typed > at - TYPING else f"{name}也在看"
        for name, typed in session.exec(query).all()
    ]


def _find(session: Session, ticket: Ticket, staff: Staff, kind: str) -> WrittenDraft | None:
    query = select(WrittenDraft).where(
        WrittenDraft.ticket_id == ticket.id,
        WrittenDraft.staff == staff.id,
        WrittenDraft.kind == kind,
    )
    return session.exec(query).first()
