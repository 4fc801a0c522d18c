"""The week in a few lines: for staff in the console, and for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from bot.db.learning import Gap, Receipt, Unanswered, WeeklyDigest
from bot.db.tables import Feedback, Staff, Ticket
from bot.desk import notices, roles
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused

Counties = frozenset[str] | None
_WEEK = timedelta(days=7)
_TOLD_AT = timedelta(hours=8)
"""After midnight on Monday."""
_MOST = 10


@dataclass(frozen=True)
class Asked:
    """A gap as the week saw it."""

    gap: int
    question: str
    count: int


@dataclass(frozen=True)
class Digest:
    """One week: Monday to Sunday, Nantong time."""

    week: str
    start: datetime
    end: datetime
    opened: int
    answered: int
    """Tickets answered for the first time."""
    late: int
    """Of those, after the promise."""
    resolved: int
    waiting: int
    """Tickets nobody has claimed now."""
    asked: int
    told: int
    """Questions answered."""
    unknown: int
    followed: int
    """Answers after which the person opened a ticket within a day."""
    gaps: tuple[Asked, ...]
    useless: tuple[tuple[str, int], ...]
    """Articles judged useless, with how often."""


def week_of(moment: datetime) -> str:
    """``2026-W47``."""
    year, week, _ = moment.astimezone(BEIJING).isocalendar()
    return f"{year}-W{week:02d}"


def monday(week: str) -> datetime:
    """When a week begins. Raises Refused for what is no week."""
    try:
        return datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=BEIJING)
    except ValueError:
        raise Refused(f"“{week}”不是一个星期，请写成 2026-W47 的样子") from None


def of(session: Session, week: str, counties: Counties) -> Digest:
    """What happened in a week in some counties, or in all."""
    start = monday(week)
    end = start + _WEEK

    def tickets(column: Any, *more: ColumnElement[bool]) -> int:
        query: Any = select(func.count()).select_from(Ticket)
        return _number(
            session, query.where(*_within(column, start, end), *_in(Ticket, counties), *more)
        )

    fates = _fates(session, start, end, counties)
    return Digest(
        week, start, end,
        opened=tickets(Ticket.opened_at),
        answered=tickets(Ticket.answered_at),
        late=tickets(Ticket.answered_at, col(Ticket.answered_at) > col(Ticket.due_at)),
        resolved=tickets(Ticket.resolved_at),
        waiting=_waiting(session, counties),
        asked=sum(count for status, count in fates.items() if status != "followed"),
        told=fates["answered"],
        unknown=fates["unknown"],
        followed=fates["followed"],
        gaps=_gaps(session, start, end, counties),
        useless=_useless(session, start, end),
    )  # fmt: skip


def text(found: Digest, title: Callable[[str], str]) -> str:
    """The digest for reading in a terminal or a chat. ``title`` names an article by its id."""
    last = found.end - timedelta(days=1)
    lines = [
        f"{found.week}（{found.start:%m月%d日}–{last:%m月%d日}）",
        f"提问 {found.asked} 次，直接答复 {found.told} 次，没答上 {found.unknown} 次"
        f"（{share(found.unknown, found.asked)}）；答复后一天内又来登记的 {found.followed} 次。",
        f"工单：新 {found.opened} 件，首次答复 {found.answered} 件"
        f"（按时 {share(found.answered - found.late, found.answered)}），"
        f"办结 {found.resolved} 件；现在没人认领 {found.waiting} 件。",
    ]
    if found.gaps:
        lines += ["没答好的问题："]
        lines += [f"{one.count} 次　{one.question}（缺口 {one.gap}）" for one in found.gaps]
    if found.useless:
        lines += ["被评“没用”的文章："]
        lines += [f"{count} 次　{title(id)}" for id, count in found.useless]
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """In per cent; a dash of nothing."""
    return f"{part / whole:.0%}" if whole else "—"


def announce(engine: Engine, now: datetime) -> int:
    """On Monday from eight on, tell those who lead and edit, once; returns how many were told."""
    since = now.astimezone(BEIJING) - _TOLD_AT
    if since.weekday() != 0:
        return 0
    week = week_of(since - _WEEK)
    with Session(engine) as session:
        if session.get(WeeklyDigest, week) is not None:
            return 0
        try:
            session.add(WeeklyDigest(week=week, at=now))
            session.flush()
        except IntegrityError:  # another process tells
            return 0
        people = [one for one in _staff(session) if _wants(session, one)]
        notices.give(
            session, people, None, "digest", f"上周小结（{week}）出来了，在“周报”里看", at=now
        )
        session.commit()
        return len(people)


def _staff(session: Session) -> list[Staff]:
    return list(session.exec(select(Staff).where(col(Staff.disabled_at).is_(None))).all())


def _wants(session: Session, staff: Staff) -> bool:
    held = {grant.role for grant in roles.grants(session, staff)}
    return bool(held & {"leader", "editor", "reviewer", "admin"})


def _within(column: Any, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(column) >= start, col(column) < end


def _in(table: Any, counties: Counties) -> list[ColumnElement[bool]]:
    return [] if counties is None else [col(table.county).in_(["", *sorted(counties)])]


def _number(session: Session, query: Any) -> int:
    return int(session.exec(query).one())


def _waiting(session: Session, counties: Counties) -> int:
    query = select(func.count()).select_from(Ticket)
    open_ = (col(Ticket.queue_at).is_not(None), col(Ticket.owner).is_(None))
    return _number(session, query.where(*open_, *_in(Ticket, counties)))


def _fates(session: Session, start: datetime, end: datetime, counties: Counties) -> Counter[str]:
    """How often each came of a question; ``followed`` are the answers that did not suffice."""
    where = (*_within(Receipt.at, start, end), *_in(Receipt, counties))
    query = select(Receipt.status, func.count(), func.count(col(Receipt.ticket_at)))
    rows = session.exec(query.where(*where).group_by(Receipt.status)).all()
    counts = Counter({status: count for status, count, _ in rows})
    counts["followed"] = sum(followed for *_, followed in rows)
    return counts


def _gaps(
    session: Session, start: datetime, end: datetime, counties: Counties
) -> tuple[Asked, ...]:
    """The open gaps asked most, each by the oldest of the week's questions."""
    count: Any = func.count()
    query = (
        select(Unanswered.gap, count, func.min(Unanswered.id))
        .join(Gap, col(Gap.id) == col(Unanswered.gap))
        .where(*_within(Unanswered.at, start, end), *_in(Unanswered, counties))
        .where(col(Gap.state).in_(("new", "doing")))
        .group_by(col(Unanswered.gap))
        .order_by(count.desc(), col(Unanswered.gap))
    )
    rows = session.exec(query.limit(_MOST)).all()
    firsts = select(Unanswered.id, Unanswered.question)
    words = dict(session.exec(firsts.where(col(Unanswered.id).in_([r[2] for r in rows]))).all())
    return tuple(Asked(gap or 0, words.get(first, ""), many) for gap, many, first in rows)


def _useless(session: Session, start: datetime, end: datetime) -> tuple[tuple[str, int], ...]:
    count: Any = func.count()
    query = select(Feedback.article, count).where(
        *_within(Feedback.at, start, end), col(Feedback.useful).is_(False)
    )
    rows = session.exec(query.group_by(Feedback.article).order_by(count.desc(), Feedback.article))
    return tuple((article, many) for article, many in rows.all()[:_MOST])
