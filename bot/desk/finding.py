"""Finding tickets, and what may be read of them by whom."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from bot import linked
from bot.db.tables import Message, Staff, State, Status, Ticket, TicketEvent
from bot.desk import history, roles

_DUPLICATE = timedelta(hours=24)


class Refused(Exception):
    """The change is not possible now; the message says why, in words for staff."""


class NotYours(Refused):
    """The ticket belongs to another county; the message does not say whether it exists."""

    def __init__(self, words: str = "没有找到这张工单，或它不归您所在的区县办理") -> None:
        super().__init__(words)


def find(
    session: Session,
    number: str,
    *,
    staff: Staff | None = None,
    lock: bool = False,
    what: str = "see",
) -> Ticket:
    """The ticket with this number, held until commit with ``lock``. Raises NotYours if it is
    none of ``staff``'s, Refused if they may only read it and ``what`` is more."""
    query = select(Ticket).where(Ticket.number == number)
    ticket = session.exec(query.with_for_update() if lock else query).first()
    if ticket is None:
        raise NotYours
    if staff is not None:
        _admit(roles.grants(session, staff), ticket, what)
    return ticket


def hold(session: Session, number: str, *, staff: Staff, what: str) -> Ticket:
    """The ticket, kept from everybody else until commit, with the conversation it belongs to.

    Raises as ``find`` does.
    """
    ticket = find(session, number, staff=staff, what=what)
    # The conversation first: whoever answers the person takes the two in this order.
    linked.lock(session, ticket.contact)
    session.refresh(ticket, with_for_update=True)
    return ticket


def _admit(held: tuple[roles.Grant, ...], ticket: Ticket, what: str) -> None:
    if not roles.may(held, "see", ticket.county):
        raise NotYours
    if not roles.may(held, what, ticket.county):
        raise Refused(f"您的角色（{roles.describe(held)}）不能做这一步")


def may_see(session: Session, staff: Staff, ticket: Ticket) -> bool:
    """Whether the ticket is in the part of Nantong this person works for; one of which nobody
    knows the county is everybody's."""
    return roles.may(roles.grants(session, staff), "see", ticket.county)


def followed(session: Session, ticket: Ticket) -> Ticket:
    """The ticket that carries this matter on: itself, or the one it was merged into."""
    while ticket.merged_into:
        ticket = find(session, ticket.merged_into)
    return ticket


def lines(session: Session, ticket: Ticket) -> list[TicketEvent]:
    """Everything that happened to the ticket, oldest first."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id)
    return list(session.exec(query.order_by(col(TicketEvent.id))).all())


def viewed(session: Session, ticket: Ticket, staff: Staff, *, at: datetime | None = None) -> None:
    """Write down that ``staff`` read the ticket's personal data."""
    history.note(session, ticket, f"staff:{staff.username}", "viewed", at=at)


def conversation(session: Session, ticket: Ticket, limit: int = 100) -> list[Message]:
    """The latest messages between the person and us in all their channels, oldest first."""
    keys = linked.contacts(session, ticket.contact)
    query = select(Message).where(col(Message.contact).in_(keys))
    found = session.exec(query.order_by(col(Message.id).desc()).limit(limit)).all()
    return list(reversed(found))


def undelivered(session: Session, ticket: Ticket) -> list[Message]:
    """Staff replies of this ticket that the channel refused."""
    query = select(Message).where(
        Message.ticket == ticket.number, col(Message.status) == Status.FAILED
    )
    return list(session.exec(query).all())


def others(session: Session, ticket: Ticket, limit: int = 10) -> list[Ticket]:
    """The person's other tickets, newest first: by contact (or one they linked to it), or by phone."""
    if ticket.contact.startswith("forgotten:"):
        return []
    same: ColumnElement[bool] = col(Ticket.contact).in_(linked.contacts(session, ticket.contact))
    if ticket.phone_hash:
        same = same | (col(Ticket.phone_hash) == ticket.phone_hash)
    query = select(Ticket).where(same, Ticket.id != ticket.id)
    return list(session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)).all())


def duplicates(session: Session, ticket: Ticket) -> list[Ticket]:
    """Open tickets of the same person and topic, opened within a day of this one."""
    keys = linked.contacts(session, ticket.contact)
    return [
        other
        for other in others(session, ticket)
        if other.contact in keys
        and other.topic == ticket.topic
        and other.state != State.RESOLVED
        and abs(other.opened_at - ticket.opened_at) <= _DUPLICATE
    ]


def phone_hash(phone: str, key: str) -> str:
    """Finds a phone number again without keeping it readable; nothing for no number."""
    digits = re.sub(r"\D", "", phone).removeprefix("86")
    return hashlib.blake2b(digits.encode(), key=key.encode()[:64]).hexdigest() if digits else ""
