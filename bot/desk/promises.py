"""The clock of a ticket: what is promised by when, and the alarms that watch over it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from bot.db.desk import Alarm
from bot.db.tables import State, Ticket
from bot.desk import rules as stored
from bot.desk.clock import AllDay, Clock, Working
from bot.desk.rules import Rules

_NEVER = timedelta(days=36500)


def first_due(
    ticket_service: str, priority: str, working_days: int, rules: Rules, at: datetime
) -> datetime:
    """By when to answer for the first time: the rule for the service, else its working days."""
    if priority == "crisis":
        return at + timedelta(minutes=rules.crisis.first)
    minutes = rules.promised(ticket_service, priority).first or working_days * rules.day()
    return Working(rules.frames).add(at, timedelta(minutes=minutes))


def begin(session: Session, ticket: Ticket, rules: Rules | None = None) -> None:
    """Start the clock of a new ticket."""
    rules = rules or stored.load(session)
    promised = rules.promised(ticket.service, ticket.priority)
    ticket.waits_from = ticket.opened_at
    ticket.resolve_due_at = clock(ticket, rules).add(
        ticket.opened_at, timedelta(minutes=promised.resolve)
    )
    for promise in ("first", "resolve", "crisis" if _crisis(ticket) else "unclaimed"):
        schedule(session, ticket, promise, rules, at=ticket.opened_at)
    place(ticket)


def claimed(session: Session, ticket: Ticket) -> None:
    """Somebody took it: nobody needs to be found any more."""
    drop(session, ticket, "unclaimed", "crisis")


def unclaimed(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """It waits for somebody again; the promised times stay."""
    ticket.waits_from = at
    promise = "crisis" if _crisis(ticket) else "unclaimed"
    schedule(session, ticket, promise, stored.load(session), at=at)


def answered(session: Session, ticket: Ticket, *, at: datetime, waiting: bool) -> None:
    """The person was answered; ``waiting`` stops the clock until they say something."""
    ticket.answered_at = ticket.answered_at or at
    ticket.asked_at = ticket.next_due_at = None
    drop(session, ticket, "first", "next", "unclaimed", "crisis")
    if waiting and ticket.paused_at is None:
        ticket.paused_at = at
        drop(session, ticket, "resolve")
    elif not waiting:
        _resume(session, ticket, at)
    place(ticket)


def heard(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """The person said something: it wants an answer, and the clock runs again."""
    _resume(session, ticket, at)
    ticket.asked_at = ticket.asked_at or at
    if ticket.answered_at is not None and ticket.next_due_at is None:
        rules = stored.load(session)
        promised = rules.promised(ticket.service, ticket.priority)
        ticket.next_due_at = clock(ticket, rules).add(at, timedelta(minutes=promised.next))
        schedule(session, ticket, "next", rules, at=at)
    place(ticket)


def reopened(session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Taken up again: an answer is due, and a new time for the whole."""
    rules = stored.load(session)
    promised = rules.promised(ticket.service, ticket.priority)
    ticket.resolve_due_at = clock(ticket, rules).add(at, timedelta(minutes=promised.resolve))
    ticket.answered_at = ticket.answered_at or at
    schedule(session, ticket, "resolve", rules, at=at)
    heard(session, ticket, at=at)
    if ticket.owner is None:
        unclaimed(session, ticket, at=at)


def close(session: Session, ticket: Ticket) -> None:
    """No promise is open any more."""
    session.exec(
        delete(Alarm).where(col(Alarm.ticket_id) == ticket.id, col(Alarm.fired_at).is_(None))
    )
    ticket.asked_at = ticket.next_due_at = ticket.paused_at = ticket.queue_at = None


def due(ticket: Ticket) -> datetime | None:
    """The promise that breaks next; None when the clock stands or nothing is open."""
    if ticket.state == State.RESOLVED or ticket.paused_at is not None:
        return None
    first = ticket.due_at if ticket.answered_at is None else None
    return min((m for m in (first, ticket.next_due_at, ticket.resolve_due_at) if m), default=None)


def place(ticket: Ticket) -> None:
    """Put the ticket where it belongs in the queue: crisis first, then what breaks next."""
    if ticket.state == State.RESOLVED:
        ticket.queue_at = None
    elif ticket.priority == "crisis":
        ticket.queue_at = ticket.opened_at - _NEVER
    else:
        ticket.queue_at = due(ticket) or (ticket.paused_at or ticket.opened_at) + _NEVER


def clock(ticket: Ticket, rules: Rules) -> Clock:
    """How this ticket's time runs."""
    return AllDay() if ticket.priority == "crisis" else Working(rules.frames)


def schedule(
    session: Session, ticket: Ticket, promise: str, rules: Rules, *, at: datetime, step: int = 0
) -> None:
    """Set the alarm for the first step of a promise, from ``step`` on, that is not past at ``at``,
    instead of any that is set."""
    drop(session, ticket, promise)
    due_at = moment(ticket, promise, step, rules)
    while due_at is not None and due_at < at:
        step += 1
        due_at = moment(ticket, promise, step, rules)
    if due_at is not None:
        session.add(Alarm(ticket_id=ticket.id or 0, promise=promise, step=step, due_at=due_at))


def drop(session: Session, ticket: Ticket, *promises: str) -> None:
    """Take back alarms that have not rung."""
    session.exec(
        delete(Alarm).where(
            col(Alarm.ticket_id) == ticket.id,
            col(Alarm.promise).in_(promises),
            col(Alarm.fired_at).is_(None),
        )
    )


def moment(ticket: Ticket, promise: str, step: int, rules: Rules) -> datetime | None:
    """When a step of a promise is due; None if there is no such promise."""
    if promise == "crisis":
        return _crisis_moment(ticket, step, rules)
    start, end = _span(ticket, promise)
    if start is None or end is None:
        return None
    at = clock(ticket, rules)
    whole = at.between(start, end)
    if promise == "resolve":
        whole -= timedelta(minutes=ticket.paused_minutes)
    percents = rules.unclaimed if promise == "unclaimed" else rules.percents
    over = max(0, step - len(percents) + 1)
    percent = percents[min(step, len(percents) - 1)]
    repeats = timedelta(minutes=rules.repeat) * over
    if promise == "unclaimed":  # runs from when it lost its owner, for as long as the promise
        return at.add(ticket.waits_from or start, whole * percent / 100 + repeats)
    return at.add(end, whole * (percent - 100) / 100 + repeats)


def _span(ticket: Ticket, promise: str) -> tuple[datetime | None, datetime | None]:
    """From when to when a promise runs."""
    return {
        "first": (ticket.opened_at, ticket.due_at),
        "unclaimed": (ticket.opened_at, ticket.due_at),
        "next": (ticket.asked_at, ticket.next_due_at),
        "resolve": (ticket.opened_at, ticket.resolve_due_at),
    }[promise]


def _crisis_moment(ticket: Ticket, step: int, rules: Rules) -> datetime:
    steps = rules.crisis.steps
    over = max(0, step - len(steps) + 1)
    minutes = steps[min(step, len(steps) - 1)] + over * rules.crisis.repeat
    return (ticket.waits_from or ticket.opened_at) + timedelta(minutes=minutes)


def _resume(session: Session, ticket: Ticket, at: datetime) -> None:
    """Let the clock run again: what was left of the whole is still left."""
    if ticket.paused_at is None or ticket.resolve_due_at is None:
        return
    rules = stored.load(session)
    runs = clock(ticket, rules)
    left = runs.between(ticket.paused_at, ticket.resolve_due_at)
    stood = runs.between(ticket.paused_at, at)
    ticket.paused_minutes += round(stood.total_seconds() / 60)
    ticket.resolve_due_at, ticket.paused_at = runs.add(at, left), None
    schedule(session, ticket, "resolve", rules, at=at)


def _crisis(ticket: Ticket) -> bool:
    return ticket.priority == "crisis"
