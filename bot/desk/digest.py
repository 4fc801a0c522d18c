"""Every working morning each group on Telegram reads how many tickets wait and are late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, case, or_
from sqlmodel import Session, col, func, select, update

from bot.db.group import StaffGroup
from bot.db.tables import Desk, Ticket
from bot.desk import groupoffice, rooms, rules
from bot.desk.clock import BEIJING, is_working_day
from bot.desk.queues import due_by


def post_due(engine: Engine, now: datetime, rest: int | None) -> int:
    """Post what is due at ``now``, once a group and day, whichever process comes first.

    ``rest`` is the group of the desks that have none. Returns how many were posted.
    """
    local = now.astimezone(BEIJING)
    with Session(engine) as session:
        groups = _groups(session, rest)
        if not groups or not is_working_day(local.date()):
            return 0
        frames = rules.load(session).frames
        if not frames[0].start <= local.time() < frames[-1].end:
            return 0
        posted = 0
        for chat in groups:
            if _take(session, chat, local.date().isoformat()):
                rooms.say(session, chat, _words(session, _of(session, chat, rest), now))
                posted += 1
            session.commit()
        return posted


def _groups(session: Session, rest: int | None) -> list[int]:
    found = {chat for _, chat in groupoffice.groups(session)}
    if rest is not None:
        found.add(rooms.current(session, rest))
    return sorted(found)


def _take(session: Session, chat: int, today: str) -> bool:
    """Whether it is ours to post today's."""
    rooms.known(session, chat)
    taken = session.exec(
        update(StaffGroup)
        .where(col(StaffGroup.chat) == chat, col(StaffGroup.digest_on) != today)
        .values(digest_on=today)
    )
    return bool(taken.rowcount == 1)


def _of(session: Session, chat: int, rest: int | None) -> ColumnElement[bool]:
    """The tickets a group hears of."""
    groups = groupoffice.groups(session)
    own = col(Ticket.desk).in_([desk.id for desk, group in groups if group == chat])
    if rest is None or rooms.current(session, rest) != chat:
        return own
    with_group = select(Desk.id).where(col(Desk.telegram_group).is_not(None))
    return or_(own, col(Ticket.desk).is_(None), col(Ticket.desk).not_in(with_group))


def _words(session: Session, which: ColumnElement[bool], now: datetime) -> str:
    local = now.astimezone(BEIJING)
    evening = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), BEIJING)
    late, today = due_by(now), and_(due_by(evening), ~due_by(now))
    counted = [
        func.coalesce(func.sum(case((one, 1), else_=0)), 0)
        for one in (late, today, col(Ticket.owner).is_(None), col(Ticket.priority) == "crisis")
    ]
    query: Any = select(func.count(), *counted).select_from(Ticket)
    row = session.exec(query.where(col(Ticket.queue_at).is_not(None), which)).one()
    waiting, overdue, due, unclaimed, crisis = (int(count) for count in row)
    urgent = f"，其中紧急 {crisis} 件" if crisis else ""
    return (
        f"{local.month}月{local.day}日早报：在办 {waiting} 件{urgent}\n"
        f"今天到期 {due} 件，已超时 {overdue} 件，未认领 {unclaimed} 件\n"
        "发 /open 看列表，/sla 看快到期的。"
    )
