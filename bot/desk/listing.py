"""What a person sees of their own tickets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot import linked
from bot.db.tables import Desk, Staff, State, Ticket, TicketEvent
from handlers.messages import Contact

_MOST = 20


def mine(
    session: Session, contact: Contact, title: Callable[[str], str], now: datetime
) -> list[dict[str, Any]]:
    """The person's latest tickets, newest first, as ``ListTickets`` describes them."""
    own = col(Ticket.contact).in_(linked.contacts(session, str(contact)))
    query = select(Ticket).where(own).order_by(col(Ticket.id).desc())
    found = session.exec(query.limit(_MOST)).all()
    elsewhere = linked.answers_elsewhere(session, contact, [ticket.number for ticket in found])
    desks = dict(session.exec(select(Desk.id, Desk.name)).all())
    owners = dict(session.exec(select(Staff.id, Staff.name)).all())
    withdrawn = _withdrawn(session, found)
    return [
        {
            "number": ticket.number,
            "title": title(ticket.service),
            "state": ticket.state,
            "opened_at": ticket.opened_at.isoformat(),
            "due_at": _due(ticket).isoformat(),
            "late": _due(ticket) < now,
            "withdrawn": ticket.id in withdrawn,
            "desk": desks.get(ticket.desk, ""),
            "owner": owners.get(ticket.owner, ""),
            "merged_into": ticket.merged_into,
            "elsewhere": elsewhere.get(ticket.number),
            "may_object": ticket.answered_at is not None and ticket.objected_at is None,
        }
        for ticket in found
    ]


def _due(ticket: Ticket) -> datetime:
    return ticket.next_due_at or ticket.due_at


def _withdrawn(session: Session, found: Sequence[Ticket]) -> frozenset[int]:
    """Those that were closed by the person themselves."""
    done = [ticket.id or 0 for ticket in found if ticket.state == State.RESOLVED]
    query = select(TicketEvent.ticket_id, TicketEvent.kind).where(
        col(TicketEvent.ticket_id).in_(done),
        col(TicketEvent.kind).in_(("withdrawn", "reopened", "resolved")),
    )
    last = dict(session.exec(query.order_by(col(TicketEvent.id))).all())
    return frozenset(id for id, kind in last.items() if id and kind == "withdrawn")
