"""What the person does with their own ticket: add, withdraw, object, say how it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, select

from bot import linked
from bot.db.tables import Desk, Staff, State, Ticket, now
from bot.desk import history, moving, notices, promises, routing, telling, tickets
from bot.desk.finding import followed
from handlers import effects
from handlers.messages import Contact

REOPENS = timedelta(days=15)
"""How long after it was resolved a ticket opens again; later a new one takes the matter up."""


def mine(session: Session, contact: Contact, number: str) -> Ticket | None:
    """The person's ticket of this number, whichever of their channels opened it, or the one it was
    merged into; None if not theirs."""
    query = select(Ticket).where(Ticket.number == number).with_for_update()
    ticket = session.exec(query).first()
    if ticket is None or ticket.contact not in linked.contacts(session, str(contact)):
        return None
    return followed(session, ticket)


def add(
    session: Session, contact: Contact, wanted: effects.AddToTicket, *, at: datetime | None = None
) -> str:
    """Add what the person says; returns the number it was added to, "" if it is not theirs.

    A resolved ticket opens again; one resolved long ago is followed by a new one.
    """
    moment = at or now()
    ticket = mine(session, contact, wanted.number)
    if ticket is None:
        return ""
    if ticket.resolved_at is not None and moment - ticket.resolved_at > REOPENS:
        return _follow(session, ticket, wanted.text, moment)
    if ticket.state == State.RESOLVED:
        tickets.take_up(session, ticket, "person", at=moment)
    before = ticket.state
    if ticket.state in (State.ASKED, State.ANSWERED):
        ticket.state = State.WORKING if ticket.owner else State.NEW
    ticket.version += 1
    history.note(
        session,
        ticket,
        "person",
        "added",
        text=wanted.text,
        before=before,
        after=ticket.state,
        at=at,
    )
    promises.heard(session, ticket, at=moment)
    tell_staff(session, ticket, "added", f"{ticket.number} 当事人有新留言", moment)
    return ticket.number


def withdraw(
    session: Session, contact: Contact, number: str, reason: str, *, at: datetime | None = None
) -> bool:
    """Take the request back. False if it is not theirs or done already."""
    moment = at or now()
    ticket = mine(session, contact, number)
    if ticket is None or ticket.state == State.RESOLVED:
        return False
    before, ticket.state = ticket.state, State.RESOLVED
    ticket.resolved_at, ticket.version = moment, ticket.version + 1
    history.note(
        session,
        ticket,
        "person",
        "withdrawn",
        text=reason,
        before=before,
        after=ticket.state,
        at=at,
    )
    promises.close(session, ticket)
    tickets.release(session, ticket)
    tell_staff(session, ticket, "withdrawn", f"{ticket.number} 当事人撤回了申请", moment)
    return True


def object_to(
    session: Session, contact: Contact, number: str, reason: str, *, at: datetime | None = None
) -> str:
    """The answer does not satisfy: once, the next desk up looks at it.

    Returns its name, "" if they objected before or there was no answer, or it is not theirs.
    """
    moment = at or now()
    ticket = mine(session, contact, number)
    if ticket is None or ticket.objected_at is not None or ticket.answered_at is None:
        return ""
    if ticket.state == State.RESOLVED:
        tickets.take_up(session, ticket, "person", at=moment)
    ticket.objected_at = moment
    here = session.get(Desk, ticket.desk) if ticket.desk else None
    higher = routing.above(session, here, moment)
    history.note(session, ticket, "person", "objected", text=reason, at=at)
    if ticket.state in (State.ASKED, State.ANSWERED):
        ticket.state = State.WORKING if ticket.owner else State.NEW
    promises.heard(session, ticket, at=moment)
    if higher is None:
        words = f"{ticket.number} 当事人对答复不满意"
        tell_staff(session, ticket, "objected", words, moment)
        return here.name if here else "工作人员"
    moving.move(session, ticket, higher, "system", "raised", reason=reason, at=moment)
    return higher.name


def rate(
    session: Session,
    contact: Contact,
    number: str,
    rating: str,
    words: str = "",
    *,
    at: datetime | None = None,
) -> str | None:
    """Keep how satisfied the person is; changeable, with its history.

    Returns the number of the call-back task that dissatisfaction opens, "" if none, None if the
    ticket is not theirs or not done.
    """
    moment = at or now()
    ticket = mine(session, contact, number)
    if ticket is None or ticket.state != State.RESOLVED or rating not in telling.RATINGS:
        return None
    before, ticket.rating = ticket.rating, rating
    history.note(
        session,
        ticket,
        "person",
        "rated",
        text=words,
        before=telling.RATINGS.get(before or "", ""),
        after=telling.RATINGS[rating],
        at=at,
    )
    if rating != "bad" or before == "bad":
        return ""
    return _call_back(session, ticket, moment)


def _call_back(session: Session, ticket: Ticket, at: datetime) -> str:
    """A task for the desk's leaders: ring the person up."""
    details = (("回访原因", f"当事人对 {ticket.number} 的办理不满意，请电话回访"),)
    made = _again(session, ticket, "callback", details, at)
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    leaders = routing.members(session, desk, ("leader",), at) if desk else []
    words = f"{made.number} 回访任务：{ticket.number} 当事人不满意"
    notices.give(session, leaders, made, "callback", words, at=at)
    return made.number


def _follow(session: Session, ticket: Ticket, text: str, at: datetime) -> str:
    details = ((f"接 {ticket.number} 的事", text),)
    return _again(session, ticket, ticket.service, details, at).number


def _again(
    session: Session,
    ticket: Ticket,
    service: str,
    details: tuple[tuple[str, str], ...],
    at: datetime,
) -> Ticket:
    """A new ticket at the same desk for the same person."""
    from bot.desk import rules as stored

    wanted = effects.OpenTicket(
        service=service,
        topic=ticket.topic,
        county=ticket.county,
        town=ticket.town,
        phone=ticket.phone,
        details=details,
        respond_within_working_days=1,
        priority="normal",
        relation=ticket.relation,
    )
    in_force = stored.load(session)
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    due = promises.first_due(service, "normal", 1, in_force, at)
    made = tickets.open_ticket(
        session,
        Contact.parse(ticket.contact),
        wanted,
        due_at=due,
        desk=desk,
        rules=in_force,
        at=at,
    )
    made.follows, made.phone_hash = ticket.number, ticket.phone_hash
    return made


def tell_staff(session: Session, ticket: Ticket, kind: str, words: str, at: datetime) -> None:
    """Tell the owner, else the desk's clerks, that the person did something."""
    owner = session.get(Staff, ticket.owner) if ticket.owner else None
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    people = [owner] if owner else routing.members(session, desk, ("clerk",), at) if desk else []
    notices.give(session, people, ticket, kind, words, at=at)
