"""Carries out what handlers asked for, in the update's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from bot.db.tables import Conversation, Feedback, Gap, Message, State, Ticket, TicketEvent
from bot.desk import clock, group, tickets
from bot.privacy import mask
from handlers import effects
from handlers.messages import Contact

_CRISIS_ANSWER = timedelta(minutes=10)


@dataclass(frozen=True)
class Settings:
    """What the desk needs to know of the configuration."""

    staff_group: int | None = None
    """Telegram group that hears of new tickets."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Service id → what people and staff call it."""

    def title(self, service: str) -> str:
        """What people call the service; ids that no longer exist stay readable."""
        return self.titles.get(service) or _OWN_TITLES.get(service, service)


_OWN_TITLES = {"human": "转人工咨询", "crisis": "紧急求助"}


def perform(
    session: Session, contact: Contact, effect: object, *, settings: Settings, now: datetime
) -> Any:
    """Carry out one effect and return its outcome, a JSON value.

    Raises TypeError for an effect nobody performs.
    """
    match effect:
        case effects.OpenTicket():
            due = clock.add_working_days(now, effect.respond_within_working_days)
            return _open(session, contact, effect, due_at=due, settings=settings)
        case effects.CallPerson():
            return _call_person(session, contact, effect, settings=settings, now=now)
        case effects.AlertStaff():
            return _alert(session, contact, effect, settings=settings, now=now)
        case effects.AddToTicket():
            return tickets.add(session, contact, effect)
        case effects.ListTickets():
            return _list(session, contact, settings)
        case effects.NoteGap():
            session.add(Gap(question=mask(effect.question)[:500], status=effect.status, at=now))
            return None
        case effects.NoteFeedback():
            session.add(
                Feedback(
                    article=effect.article[:48],
                    useful=effect.useful,
                    reason=mask(effect.reason)[:200],
                    at=now,
                )
            )
            return None
        case effects.ForgetMe():
            return forget(session, contact)
    raise TypeError(f"no one performs {effect!r}")


def forget(session: Session, contact: Contact) -> dict[str, int]:
    """Erase a person: messages, conversation, and the personal part of their tickets."""
    key = str(contact)
    mine = session.exec(select(Ticket).where(Ticket.contact == key)).all()
    for ticket in mine:
        _anonymise(session, ticket)
    erased = session.exec(delete(Message).where(col(Message.contact) == key)).rowcount
    if conversation := session.get(Conversation, key):
        conversation.memory, conversation.record, conversation.held = {}, {}, None
    return {"messages": erased, "tickets": len(mine)}


def _anonymise(session: Session, ticket: Ticket) -> None:
    lines = session.exec(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id)).all()
    for line in lines:
        line.text = ""
    before = ticket.state
    ticket.contact, ticket.phone, ticket.details = "forgotten:", "", []
    ticket.state, ticket.version = State.RESOLVED, ticket.version + 1
    session.add(
        TicketEvent(
            ticket_id=ticket.id or 0,
            actor="person",
            kind="forgotten",
            before=before,
            after=ticket.state,
        )
    )


def _open(
    session: Session,
    contact: Contact,
    wanted: effects.OpenTicket,
    *,
    due_at: datetime,
    settings: Settings,
) -> str:
    ticket = tickets.open_ticket(session, contact, wanted, due_at=due_at)
    group.announce(session, ticket, settings.title(ticket.service), settings.staff_group)
    return ticket.number


def _call_person(
    session: Session,
    contact: Contact,
    wanted: effects.CallPerson,
    *,
    settings: Settings,
    now: datetime,
) -> str:
    ticket = effects.OpenTicket(
        service="human",
        topic="general",
        county=wanted.county,
        town="",
        phone="",
        details=(("想咨询", wanted.about),),
        respond_within_working_days=1,
    )
    due = clock.add_working_days(now, 1)
    return _open(session, contact, ticket, due_at=due, settings=settings)


def _alert(
    session: Session,
    contact: Contact,
    alert: effects.AlertStaff,
    *,
    settings: Settings,
    now: datetime,
) -> str:
    """Open a crisis ticket, or add to the one that is open, and hold the conversation."""
    query = select(Ticket).where(
        Ticket.contact == str(contact),
        Ticket.priority == "crisis",
        Ticket.state != State.RESOLVED,
    )
    if ticket := session.exec(query).first():
        tickets.add(session, contact, effects.AddToTicket(ticket.number, alert.text))
        number = ticket.number
    else:
        number = _open(
            session, contact, _crisis(alert), due_at=now + _CRISIS_ANSWER, settings=settings
        )
    if conversation := session.get(Conversation, str(contact)):
        conversation.held = number
    return number


def _crisis(alert: effects.AlertStaff) -> effects.OpenTicket:
    return effects.OpenTicket(
        service="crisis",
        topic="crisis",
        county=alert.county,
        town="",
        phone="",
        details=(("当事人的话", alert.text),),
        respond_within_working_days=1,
        priority="crisis",
    )


def _list(session: Session, contact: Contact, settings: Settings) -> list[dict[str, Any]]:
    query = select(Ticket).where(Ticket.contact == str(contact)).order_by(col(Ticket.id).desc())
    return [
        {
            "number": ticket.number,
            "title": settings.title(ticket.service),
            "state": ticket.state,
            "opened_at": ticket.opened_at.isoformat(),
            "due_at": ticket.due_at.isoformat(),
        }
        for ticket in session.exec(query.limit(20)).all()
    ]
