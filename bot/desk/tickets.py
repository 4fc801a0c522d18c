"""What happens to a ticket: every change, its history line and its message in one transaction.

No function here commits; the caller does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from bot.db import outbox
from bot.db.tables import Conversation, Message, Staff, State, Status, Ticket, TicketEvent, now
from handlers import effects
from handlers.messages import Contact, Reply

_LISTED = 1000
_FORGOTTEN = "forgotten:"
"""The contact of a ticket whose person asked to be forgotten."""


class Refused(Exception):
    """The change is not possible now; the message says why, in words for staff."""


class NotYours(Refused):
    """The ticket belongs to another county; the message does not say whether it exists."""

    def __init__(self) -> None:
        super().__init__("没有找到这张工单，或它不归您所在的区县办理")


def open_ticket(
    session: Session, contact: Contact, wanted: effects.OpenTicket, *, due_at: datetime
) -> Ticket:
    """Store a new ticket with its first history line; its number is ready to be told."""
    ticket = Ticket(
        number="",
        contact=str(contact),
        service=wanted.service,
        topic=wanted.topic,
        county=wanted.county,
        town=wanted.town,
        priority=wanted.priority,
        details=[list(pair) for pair in wanted.details],
        phone=wanted.phone,
        due_at=due_at,
    )
    ticket.number = f"~{id(ticket)}"  # unique until the identity is known
    session.add(ticket)
    session.flush()
    ticket.number = f"T{ticket.id:06d}"
    _note(session, ticket, "person", "opened", after=State.NEW)
    session.flush()
    return ticket


def find(
    session: Session, number: str, *, staff: Staff | None = None, lock: bool = False
) -> Ticket:
    """The ticket with this number, held until commit with ``lock``. Raises NotYours if it is
    none of ``staff``'s."""
    query = select(Ticket).where(Ticket.number == number)
    ticket = session.exec(query.with_for_update() if lock else query).first()
    if ticket is None or (staff is not None and not may_see(staff, ticket)):
        raise NotYours
    return ticket


def may_see(staff: Staff, ticket: Ticket) -> bool:
    """Whether the ticket is in the part of Nantong this person works for; one of which nobody
    knows the county is everybody's."""
    return staff.county is None or ticket.county in ("", staff.county)


def queue(session: Session, staff: Staff, *, open_only: bool = True) -> list[Ticket]:
    """The tickets a staff member may see: crisis first, then by the promised time.

    Personal data is not read from the database. With resolved ones, the latest thousand.
    """
    query = select(Ticket).options(defer(Ticket.details), defer(Ticket.phone))  # type: ignore[arg-type]
    if staff.county is not None:
        query = query.where(col(Ticket.county).in_(["", staff.county]))
    if open_only:
        query = query.where(Ticket.state != State.RESOLVED)
    if not open_only:
        query = query.order_by(col(Ticket.id).desc()).limit(_LISTED)
    found = session.exec(query).all()
    return sorted(found, key=lambda ticket: (ticket.priority != "crisis", ticket.due_at))


def claim(session: Session, ticket: Ticket, staff: Staff) -> None:
    """Make ``staff`` the owner. Of two at once one wins; the other is told who."""
    taken = session.exec(
        update(Ticket)
        .where(col(Ticket.id) == ticket.id, col(Ticket.owner).is_(None))
        .values(owner=staff.id, version=Ticket.version + 1)
    )
    session.refresh(ticket)
    if taken.rowcount != 1:
        if ticket.owner == staff.id:
            return
        owner = session.get(Staff, ticket.owner)
        raise Refused(f"这张工单已由{owner.name if owner else '其他同志'}认领")
    before = ticket.state
    if ticket.state == State.NEW:
        ticket.state = State.CLAIMED
    _note(session, ticket, _actor(staff), "claimed", before=before, after=ticket.state)
    _tell(session, ticket, f"您的申请 {ticket.number} 已由{staff.name}接手，会尽快答复您。")


def reply(session: Session, ticket: Ticket, staff: Staff, text: str, *, version: int) -> None:
    """Answer the person; the words reach them through the outbox like any reply.

    The conversation is theirs and the staff's from now until the ticket is resolved.
    """
    _open(ticket)
    _owned(session, ticket, staff)
    _unchanged(ticket, version)
    before, ticket.state = ticket.state, State.ANSWERED
    ticket.answered_at = ticket.answered_at or now()
    ticket.version += 1
    _note(session, ticket, _actor(staff), "replied", text=text, before=before, after=ticket.state)
    outbox.put(
        session,
        Contact.parse(ticket.contact),
        [Reply(text, author=f"{staff.name} · {ticket.number}")],
        ticket=ticket.number,
    )
    _hold(session, ticket)


def note(session: Session, ticket: Ticket, staff: Staff, text: str) -> None:
    """Write something for colleagues; it is never sent."""
    ticket.version += 1
    _note(session, ticket, _actor(staff), "noted", text=text)


def resolve(session: Session, ticket: Ticket, staff: Staff) -> None:
    """Close the ticket and give the conversation back to the assistant."""
    _open(ticket)
    _owned(session, ticket, staff)
    before, ticket.state = ticket.state, State.RESOLVED
    ticket.resolved_at, ticket.version = now(), ticket.version + 1
    _note(session, ticket, _actor(staff), "resolved", before=before, after=ticket.state)
    _release(session, ticket)
    _tell(
        session,
        ticket,
        f"您的申请 {ticket.number} 已办结。还有问题可以继续问我；"
        f"如果事情没有解决，发“进度”可以补充说明。",
    )


def reopen(session: Session, ticket: Ticket, staff: Staff) -> None:
    """Take a resolved ticket up again, with its owner."""
    if ticket.state != State.RESOLVED:
        raise Refused("只有已办结的工单才能重开")
    _reopen(session, ticket, _actor(staff))
    _tell(session, ticket, f"您的申请 {ticket.number} 已重新打开，工作人员会继续处理。")


def add(session: Session, contact: Contact, wanted: effects.AddToTicket) -> bool:
    """Add what the person says; a resolved ticket opens again. False if it is not theirs."""
    ticket = session.exec(select(Ticket).where(Ticket.number == wanted.number)).first()
    if ticket is None or ticket.contact != str(contact):
        return False
    if ticket.state == State.RESOLVED:
        _reopen(session, ticket, "person")
    ticket.version += 1
    _note(session, ticket, "person", "added", text=wanted.text)
    return True


def viewed(session: Session, ticket: Ticket, staff: Staff) -> None:
    """Write down that ``staff`` read the ticket's personal data."""
    _note(session, ticket, _actor(staff), "viewed")


def history(session: Session, ticket: Ticket) -> list[TicketEvent]:
    """Everything that happened to the ticket, oldest first."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id)
    return list(session.exec(query.order_by(col(TicketEvent.id))).all())


def conversation(session: Session, ticket: Ticket, limit: int = 100) -> list[Message]:
    """The latest messages between the person and us, oldest first."""
    query = select(Message).where(Message.contact == ticket.contact)
    found = session.exec(query.order_by(col(Message.id).desc()).limit(limit)).all()
    return list(reversed(found))


def undelivered(session: Session, ticket: Ticket) -> list[Message]:
    """Staff replies of this ticket that the channel refused."""
    query = select(Message).where(
        Message.ticket == ticket.number, col(Message.status) == Status.FAILED
    )
    return list(session.exec(query).all())


def _open(ticket: Ticket) -> None:
    if ticket.state == State.RESOLVED:
        raise Refused("工单已办结；要继续处理请先重开")


def _owned(session: Session, ticket: Ticket, staff: Staff) -> None:
    if ticket.owner is None:
        raise Refused("请先认领，再处理")
    if ticket.owner != staff.id:
        owner = session.get(Staff, ticket.owner)
        raise Refused(f"这张工单由{owner.name if owner else '其他同志'}负责")


def _unchanged(ticket: Ticket, version: int) -> None:
    if ticket.version != version:
        raise Refused("您写的时候这张工单有了新内容。请先看一遍，再发送（您写的内容还在）")


def _reopen(session: Session, ticket: Ticket, actor: str) -> None:
    before = ticket.state
    ticket.state = State.CLAIMED if ticket.owner else State.NEW
    ticket.resolved_at, ticket.version = None, ticket.version + 1
    _note(session, ticket, actor, "reopened", before=before, after=ticket.state)


def _hold(session: Session, ticket: Ticket) -> None:
    if conversation := session.get(Conversation, ticket.contact):
        conversation.held = ticket.number


def _release(session: Session, ticket: Ticket) -> None:
    conversation = session.get(Conversation, ticket.contact)
    if conversation and conversation.held == ticket.number:
        conversation.held = None


def _tell(session: Session, ticket: Ticket, text: str) -> None:
    if ticket.contact == _FORGOTTEN:
        return
    contact = Contact.parse(ticket.contact)
    outbox.put(session, contact, [Reply(text)], ticket=ticket.number)


def _actor(staff: Staff) -> str:
    return f"staff:{staff.username}"


def _note(
    session: Session,
    ticket: Ticket,
    actor: str,
    kind: str,
    *,
    text: str = "",
    before: str = "",
    after: str = "",
) -> None:
    session.add(
        TicketEvent(
            ticket_id=ticket.id or 0, actor=actor, kind=kind, text=text, before=before, after=after
        )
    )
