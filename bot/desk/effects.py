"""Carries out what handlers asked for, in the update's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from bot import dossier, erasing, linked, linking, receipts
from bot.db.tables import Conversation, Feedback, State, Ticket
from bot.desk import (
    finding,
    gaps,
    listing,
    notices,
    people,
    promises,
    rooms,
    routing,
    tickets,
)
from bot.desk import rules as stored
from bot.desk.clock import BEIJING, Working
from bot.privacy import hide_numbers, mask
from handlers import effects
from handlers.messages import Contact


@dataclass(frozen=True)
class Settings:
    """What the desk needs to know of the configuration."""

    staff_group: int | None = None
    """Telegram group that hears of new tickets."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Service id → what people and staff call it."""
    secret: str = ""
    """Goes into the hashes that find a phone number again, and signs links to the console."""
    public_url: str = ""
    """Where browsers find this service, without the slash at the end; nothing if not set."""
    files: Path | None = None
    """Where the files lie that people sent."""
    keep_messages_days: int = 180
    """How long the transcript is kept."""

    def title(self, service: str) -> str:
        """What people call the service; ids that no longer exist stay readable."""
        return self.titles.get(service) or _OWN_TITLES.get(service, service)


_OWN_TITLES = {
    "place-report": "地点信息不对",
    "human": "转人工咨询",
    "crisis": "紧急求助",
    "callback": "不满意回访",
}


def perform(
    session: Session, contact: Contact, effect: object, *, settings: Settings, now: datetime
) -> Any:
    """Carry out one effect and return its outcome, a JSON value.

    Raises TypeError for an effect nobody performs.
    """
    match effect:
        case effects.OpenTicket():
            return _open(session, contact, effect, settings=settings, now=now).number
        case effects.CallPerson():
            return _call_person(session, contact, effect, settings=settings, now=now)
        case effects.AlertStaff():
            return _alert(session, contact, effect, settings=settings, now=now)
        case effects.ListTickets():
            return listing.mine(session, contact, settings.title, now)
        case effects.AskTime():
            return now.astimezone(BEIJING).isoformat()
        case effects.AskDuty():
            return _duty(session, now)
        case effects.NoteFeedback():
            return _judged(session, contact, effect, now)
    return _kept(session, contact, effect, settings=settings, now=now)


def _kept(
    session: Session, contact: Contact, effect: object, *, settings: Settings, now: datetime
) -> Any:
    """What we keep of the person: to use it, show it, erase it."""
    match effect:
        case effects.ForgetMe():
            return _forget(session, contact, settings, now)
        case effects.AskTerms():
            return {"messages_days": settings.keep_messages_days}
        case effects.SumUpMine():
            return dossier.sum_up(session, contact)
        case effects.Recall():
            return _recall(session, contact, now)
        case effects.KeepProfile():
            return dict(effect.said)
    return _theirs(session, contact, effect, settings=settings, now=now)


def _theirs(
    session: Session, contact: Contact, effect: object, *, settings: Settings, now: datetime
) -> Any:
    """What a person does with their own ticket."""
    match effect:
        case effects.AddToTicket():
            hidden = effects.AddToTicket(effect.number, hide_numbers(effect.text))
            return people.add(session, contact, hidden, at=now)
        case effects.WithdrawTicket():
            return people.withdraw(
                session, contact, effect.number, hide_numbers(effect.reason), at=now
            )
        case effects.ObjectToAnswer():
            return people.object_to(
                session, contact, effect.number, hide_numbers(effect.reason), at=now
            )
        case effects.RateTicket():
            words = hide_numbers(effect.words)
            return people.rate(session, contact, effect.number, effect.rating, words, at=now)
    return linking.perform(session, contact, effect, secret=settings.secret, now=now)


def _judged(
    session: Session,
    contact: Contact,
    effect: effects.NoteFeedback,
    now: datetime,
) -> None:
    """What the person says about an answer."""
    gaps.note_useless(session, contact, effect, at=now)
    reason = mask(effect.reason)[:200]
    session.add(Feedback(article=effect.article[:48], useful=effect.useful, reason=reason, at=now))


def _recall(session: Session, contact: Contact, now: datetime) -> dict[str, Any]:
    conversation = session.get(Conversation, str(contact))
    kept = conversation.memory.get("profile") if conversation else None
    return {"today": now.astimezone(BEIJING).date().isoformat(), "profile": kept}


def _forget(
    session: Session, contact: Contact, settings: Settings, now: datetime
) -> dict[str, Any]:
    erased = erasing.forget(session, contact, files=settings.files, staying=True, at=now)
    return {"kept": [list(one) for one in erased.kept], "waiting": erased.waiting}


def _open(
    session: Session,
    contact: Contact,
    wanted: effects.OpenTicket,
    *,
    settings: Settings,
    now: datetime,
) -> Ticket:
    """Open a ticket at the desk that answers for it, and tell that desk."""
    rules = stored.load(session)
    days = wanted.respond_within_working_days
    found = routing.route(
        session, wanted.topic, county=wanted.county, town=wanted.town, rules=rules, now=now
    )
    ticket = tickets.open_ticket(
        session,
        contact,
        _discreet(wanted),
        due_at=promises.first_due(wanted.service, wanted.priority, days, rules, now),
        desk=found.desk,
        rules=rules,
        at=now,
    )
    ticket.phone_hash = finding.phone_hash(wanted.phone, settings.secret)
    if told := receipts.note_ticket(session, str(contact), at=now):
        ticket.receipt = told.id
    if found.desk is not None:
        clerks = routing.members(session, found.desk, ("clerk", "leader"), now)
        words = f"新工单 {ticket.number} {settings.title(ticket.service)}"
        notices.give(session, clerks, ticket, "opened", words, at=now)
    crisis = ticket.priority == "crisis"
    head = "【紧急】有人需要立即联系" if crisis else "新工单"
    rooms.post(session, ticket, head, settings.title(ticket.service), settings.staff_group)
    return ticket


def _discreet(wanted: effects.OpenTicket) -> effects.OpenTicket:
    """Without identity and card numbers, which no service asks for; where life is in danger every
    word may help to find somebody."""
    if wanted.priority == "crisis":
        return wanted
    said = tuple((heading, hide_numbers(words)) for heading, words in wanted.details)
    return replace(wanted, details=said)


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
    return _open(session, contact, ticket, settings=settings, now=now).number


def _alert(
    session: Session,
    contact: Contact,
    alert: effects.AlertStaff,
    *,
    settings: Settings,
    now: datetime,
) -> str:
    """Open a crisis ticket, or add to the one that is open, and hold the conversation if we are sure."""
    query = select(Ticket).where(
        col(Ticket.contact).in_(linked.contacts(session, str(contact))),
        Ticket.priority == "crisis",
        Ticket.state != State.RESOLVED,
    )
    if ticket := session.exec(query).first():
        people.add(session, contact, effects.AddToTicket(ticket.number, alert.text), at=now)
        number = ticket.number
    else:
        number = _open(session, contact, _crisis(alert), settings=settings, now=now).number
    if alert.hold and (conversation := session.get(Conversation, str(contact))):
        conversation.held = number
    return number


_UNSURE = (("怎么听出来的", "按语气判断，可能没有危险。当事人还在和助手说话，先看他的原话。"),)


def _crisis(alert: effects.AlertStaff) -> effects.OpenTicket:
    return effects.OpenTicket(
        service="crisis",
        topic="crisis",
        county=alert.county,
        town="",
        phone="",
        details=(("当事人的话", alert.text), *(() if alert.hold else _UNSURE)),
        respond_within_working_days=1,
        priority="crisis",
    )


def _duty(session: Session, now: datetime) -> str | None:
    hours = Working(stored.load(session).frames)
    return None if hours.is_open(now) else hours.next_open(now).isoformat()
