"""What staff do with a ticket: every change, its history line and its message in one transaction.

No function here commits; the caller does. ``at`` is the moment of the change, now unless given.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from bot import linked
from bot.db.tables import Conversation, Desk, Staff, State, Ticket, now
from bot.desk import history, promises, telling
from bot.desk.finding import NotYours, Refused, find, may_see
from bot.desk.rules import Rules
from bot.desk.states import MOVES, allowed, moved
from bot.privacy import has_numbers
from handlers import effects
from handlers.messages import Contact

__all__ = ["MOVES", "NotYours", "Refused", "allowed", "find", "may_see"]


def open_ticket(
    session: Session,
    contact: Contact,
    wanted: effects.OpenTicket,
    *,
    due_at: datetime,
    desk: Desk | None = None,
    rules: Rules | None = None,
    at: datetime | None = None,
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
        relation=wanted.relation,
        desk=desk.id if desk else None,
        opened_at=at or now(),
        due_at=due_at,
    )
    ticket.number = f"~{id(ticket)}"  # unique until the identity is known
    session.add(ticket)
    session.flush()
    ticket.number = f"T{ticket.id:06d}"
    where = desk.name if desk else ""
    history.note(session, ticket, "person", "opened", text=where, after=State.NEW, at=at)
    promises.begin(session, ticket, rules)
    session.flush()
    return ticket


def claim(session: Session, ticket: Ticket, staff: Staff, *, at: datetime | None = None) -> None:
    """Make ``staff`` the owner. Of two at once one wins; the other is told who."""
    after = moved("claim", ticket) if ticket.owner is None else ticket.state
    taken = session.exec(
        update(Ticket)
        .where(col(Ticket.id) == ticket.id, col(Ticket.owner).is_(None))
        .values(owner=staff.id, version=Ticket.version + 1)
    )
    session.refresh(ticket)
    if taken.rowcount != 1:
        if ticket.owner == staff.id:
            return
        raise Refused(f"这张工单已由{owner_name(session, ticket)}认领")
    before, ticket.state = ticket.state, after
    _done(session, ticket, staff, "claimed", before=before, at=at)
    promises.claimed(session, ticket)
    telling.tell(session, ticket, f"您的申请 {ticket.number} 已由{staff.name}接手，会尽快答复您。")


def begin(session: Session, ticket: Ticket, staff: Staff, *, at: datetime | None = None) -> None:
    """Say that the work has begun."""
    before, ticket.state = ticket.state, _own_move(session, "begin", ticket, staff)
    _done(session, ticket, staff, "begun", before=before, at=at)


def reply(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    text: str,
    *,
    version: int,
    at: datetime | None = None,
) -> None:
    """Answer the person; the words reach them through the outbox like any reply.

    The conversation is theirs and the staff's from now until the ticket is resolved.
    """
    _answer(session, ticket, staff, text, version=version, what="reply", at=at)


def ask(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    text: str,
    *,
    version: int,
    at: datetime | None = None,
) -> None:
    """Ask the person for something; the clock stands until they answer."""
    _answer(session, ticket, staff, text, version=version, what="ask", at=at)


def _answer(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    text: str,
    *,
    version: int,
    what: str,
    at: datetime | None,
) -> None:
    after = _own_move(session, what, ticket, staff)
    _unchanged(ticket, version)
    _discreet(text)
    before, ticket.state = ticket.state, after
    kind = "asked" if what == "ask" else "replied"
    _done(session, ticket, staff, kind, text=text, before=before, at=at)
    promises.answered(session, ticket, at=at or now(), waiting=what == "ask")
    telling.say(session, ticket, text, staff)
    _hold(session, ticket)


def note(
    session: Session, ticket: Ticket, staff: Staff, text: str, *, at: datetime | None = None
) -> None:
    """Write something for colleagues; it is never sent."""
    _discreet(text)
    _done(session, ticket, staff, "noted", text=text, before=ticket.state, at=at)


def resolve(session: Session, ticket: Ticket, staff: Staff, *, at: datetime | None = None) -> None:
    """Close the ticket and give the conversation back to the assistant."""
    before, ticket.state = ticket.state, _own_move(session, "resolve", ticket, staff)
    ticket.resolved_at = at or now()
    _done(session, ticket, staff, "resolved", before=before, at=at)
    promises.close(session, ticket)
    release(session, ticket)
    telling.ask_rating(session, ticket)


def may_resolve(session: Session, ticket: Ticket, staff: Staff) -> None:
    """Raises Refused where ``resolve`` would."""
    _own_move(session, "resolve", ticket, staff)


def reopen(session: Session, ticket: Ticket, staff: Staff, *, at: datetime | None = None) -> None:
    """Take a resolved ticket up again, with its owner."""
    moved("reopen", ticket)
    if ticket.merged_into:
        raise Refused(f"这张工单已并入 {ticket.merged_into}，请在那一张里办")
    take_up(session, ticket, f"staff:{staff.username}", at=at or now())
    telling.tell(session, ticket, f"您的申请 {ticket.number} 已重新打开，工作人员会继续处理。")


def take_up(session: Session, ticket: Ticket, actor: str, *, at: datetime, text: str = "") -> None:
    """Open a resolved ticket again, whoever wants it."""
    before = ticket.state
    ticket.state = State.CLAIMED if ticket.owner else State.NEW
    ticket.resolved_at, ticket.version = None, ticket.version + 1
    history.note(
        session, ticket, actor, "reopened", text=text, before=before, after=ticket.state, at=at
    )
    promises.reopened(session, ticket, at=at)


def release(session: Session, ticket: Ticket) -> None:
    """Give the conversation back to the assistant."""
    linked.release(session, ticket)


def _own_move(session: Session, what: str, ticket: Ticket, staff: Staff) -> State:
    """Where a move of the owner leads. Raises Refused when it is somebody else's ticket."""
    after = moved(what, ticket)
    if ticket.owner is None:
        raise Refused("请先认领，再处理")
    if ticket.owner != staff.id:
        raise Refused(f"这张工单由{owner_name(session, ticket)}负责")
    return after


def _discreet(text: str) -> None:
    """Identity and card numbers are neither sent to foreign servers nor kept in notes."""
    if has_numbers(text):
        raise Refused(
            "请不要写身份证号、银行卡号、证件号（您写的内容还在；写在群里的请马上删掉）。要核对请打电话或当面看"
        )


def _unchanged(ticket: Ticket, version: int) -> None:
    if ticket.version != version:
        raise Refused("您写的时候这张工单有了新内容。请先看一遍，再发送（您写的内容还在）")


def owner_name(session: Session, ticket: Ticket) -> str:
    """How the owner is called."""
    owner = session.get(Staff, ticket.owner) if ticket.owner else None
    return owner.name if owner else "其他同志"


def _hold(session: Session, ticket: Ticket) -> None:
    """Where the answer went, there the person's next words belong to the ticket."""
    nearest = linked.nearest(session, ticket.contact)
    if conversation := session.get(Conversation, str(nearest)):
        conversation.held = ticket.number


def _done(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    kind: str,
    *,
    before: str,
    text: str = "",
    at: datetime | None = None,
) -> None:
    """Note what ``staff`` did; whoever looked at the ticket earlier has to look again."""
    ticket.version += 1
    ticket.acted_at = at or now()
    history.note(
        session,
        ticket,
        f"staff:{staff.username}",
        kind,
        text=text,
        before=before,
        after=ticket.state,
        at=at,
    )
