"""Rings when a promise is in danger or broken, and when a ticket finds nobody.

Every moment lies in the database: a restart loses none, and of two processes one rings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from bot.db.desk import Alarm
from bot.db.tables import Desk, Staff, State, Ticket
from bot.desk import history, moving, notices, promises, roles, rooms, routing, rules
from bot.desk.rules import Rules

_OF = {
    "first": "首次答复",
    "next": "再次答复",
    "resolve": "办结",
    "unclaimed": "认领",
    "crisis": "紧急求助",
}


@dataclass(frozen=True)
class Bell:
    """What ringing needs to know of the configuration."""

    group: int | None = None
    """Telegram group of those whose desk has none."""
    title: Callable[[str], str] = str
    """Service id → what staff call it."""


def ring_due(engine: Engine, now: datetime, bell: Bell) -> int:
    """Ring everything that is due at ``now``, oldest first; returns how many rang."""
    rung = 0
    while True:
        with Session(engine) as session:
            alarm = session.exec(
                select(Alarm)
                .where(col(Alarm.fired_at).is_(None), Alarm.due_at <= now)
                .order_by(col(Alarm.due_at), col(Alarm.id))
                .limit(1)
            ).first()
            if alarm is None:
                return rung
            rung += _ring(session, alarm, now, bell)
            session.commit()


def next_due(engine: Engine) -> datetime | None:
    """When the next alarm rings; None if none is set."""
    with Session(engine) as session:
        query = select(Alarm.due_at).where(col(Alarm.fired_at).is_(None))
        return session.exec(query.order_by(col(Alarm.due_at)).limit(1)).first()


def _ring(session: Session, alarm: Alarm, now: datetime, bell: Bell) -> bool:
    """Ring one alarm and set the next; False if it was taken back or rung meanwhile."""
    key, promise, step, due_at = alarm.id, alarm.promise, alarm.step, alarm.due_at
    # The ticket first, then the alarm: whoever changes a ticket takes the two in this order.
    locked = select(Ticket).where(Ticket.id == alarm.ticket_id).with_for_update()
    ticket = session.exec(locked.execution_options(populate_existing=True)).one()
    taken = session.exec(
        update(Alarm)
        .where(col(Alarm.id) == key, col(Alarm.fired_at).is_(None))
        .values(fired_at=now)
    )
    if taken.rowcount != 1:
        return False
    in_force = rules.load(session)
    if _still_matters(ticket, promise):
        if not _repeats_in_vain(ticket, promise, step, due_at, in_force):
            _warn(session, ticket, promise, step, now, bell, in_force)
        promises.schedule(session, ticket, promise, in_force, at=now, step=step + 1)
    return True


def _still_matters(ticket: Ticket, promise: str) -> bool:
    open_ = {
        "first": ticket.answered_at is None,
        "next": ticket.asked_at is not None,
        "resolve": ticket.paused_at is None,
        "unclaimed": ticket.owner is None,
        "crisis": ticket.owner is None,
    }
    return ticket.state != State.RESOLVED and open_[promise]


def _repeats_in_vain(
    ticket: Ticket, promise: str, step: int, due_at: datetime, in_force: Rules
) -> bool:
    """Whether this is a repetition and somebody has acted since the warning before."""
    if step < len(in_force.percents) or ticket.acted_at is None or promise == "crisis":
        return False
    before = promises.moment(ticket, promise, step - 1, in_force)
    return before is not None and before < ticket.acted_at <= due_at


def _warn(
    session: Session,
    ticket: Ticket,
    promise: str,
    step: int,
    now: datetime,
    bell: Bell,
    in_force: Rules,
) -> None:
    words = _words(promise, step, in_force)
    people = _audience(session, ticket, promise, step, now, in_force)
    names = "、".join(one.name for one in people) or "没有在岗人员"
    history.note(session, ticket, "system", "warned", text=f"{words}，已提醒：{names}", at=now)
    notices.give(session, people, ticket, promise, f"{ticket.number} {words}", at=now)
    head = "【紧急】有人需要立即联系" if promise == "crisis" else f"【{words}】"
    rooms.post(session, ticket, head, bell.title(ticket.service), bell.group)
    if promise == "unclaimed" and step >= len(in_force.unclaimed) - 1:
        _climb(session, ticket, now)


def _words(promise: str, step: int, in_force: Rules) -> str:
    if promise == "crisis":
        return (
            "紧急求助，请立即认领" if step == 0 else f"紧急求助，第 {step + 1} 次呼叫，仍无人认领"
        )
    if promise == "unclaimed":
        return "还没有人认领"
    percent = in_force.percents[min(step, len(in_force.percents) - 1)]
    if percent < 100:
        return f"{_OF[promise]}时限已用 {percent}%"
    if step < len(in_force.percents):
        return f"{_OF[promise]}已超时" if percent == 100 else f"{_OF[promise]}已用时限的 {percent}%"
    return f"{_OF[promise]}仍超时，请马上处理"


def _climb(session: Session, ticket: Ticket, now: datetime) -> None:
    """Nobody took it: the next desk up gets it."""
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    higher = routing.above(session, desk, now)
    if higher is not None:
        reason = "一直没有人认领，自动上转"
        moving.move(session, ticket, higher, "system", "climbed", reason=reason, at=now)


def _audience(
    session: Session, ticket: Ticket, promise: str, step: int, now: datetime, in_force: Rules
) -> Sequence[Staff]:
    """Who is told: the owner or the desk, then its leaders too, then one desk up a step."""
    owner = session.get(Staff, ticket.owner) if ticket.owner else None
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    if desk is None:
        return [owner] if owner else _of_county(session, ticket, now)
    level = step if promise != "unclaimed" else step + 1
    if promise == "crisis" and step == len(in_force.crisis.steps) - 1:
        level = 99  # everybody up to the city
    found = [owner] if owner else routing.members(session, desk, ("clerk", "leader"), now)
    if level >= 1:
        found += _leaders(session, desk, now)
    for up in routing.chain(session, desk)[1 : max(1, level)]:
        found += routing.members(session, up, ("leader",), now) or routing.members(
            session, up, ("clerk",), now
        )
    return list({one.id: one for one in found}.values())


def _leaders(session: Session, desk: Desk, now: datetime) -> list[Staff]:
    """The leaders of a desk, or of the nearest one above that has some."""
    for one in routing.chain(session, desk):
        if leaders := routing.members(session, one, ("leader",), now):
            return leaders
    return []


def _of_county(session: Session, ticket: Ticket, now: datetime) -> list[Staff]:
    """Everybody who may work it, where no desks are set up."""
    everybody = session.exec(select(Staff).where(*routing.present(now))).all()
    return [
        one for one in everybody if roles.may(roles.grants(session, one), "work", ticket.county)
    ]
