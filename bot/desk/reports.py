"""What a month looked like: volume, times against promise, satisfaction, answers. Counts only.

Small cells are left out, and others so that nobody can work them out (:mod:`bot.desk.suppression`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, case
from sqlmodel import Session, col, func, select

from bot.db.learning import Receipt
from bot.db.tables import Ticket
from bot.desk.clock import BEIJING
from bot.desk.rules import Rules
from bot.desk.suppression import FEWEST, HIDDEN, Series, hidden, shares, shown
from bot.desk.worked import hours

STATUSES = {
    "answered": "直接答复",
    "unclear": "反问是哪一个",
    "unknown": "没有答上",
    "elsewhere": "不适用当地",
    "expired": "已停止执行",
    "offered": "转为登记申请",
}
Counties = frozenset[str] | None
"""Whose figures: of these counties, or of all."""


@dataclass(frozen=True)
class Row:
    """One service, or all together (``service`` empty). Text, so that hidden cells read as such."""

    service: str
    opened: str
    answered: str
    on_time: str
    """Share of first answers within the promise."""
    first: str
    """Median working hours to the first answer."""
    resolved: str
    resolved_on_time: str
    """Share of those resolved by when it was promised, where something was."""
    resolution: str
    """Median working hours to the end."""
    rated: str
    content: str
    """Share of 满意 and 基本满意 among those who said."""


HEAD = (
    "事项", "提交", "已答复", "按时首次答复", "首次答复（工作小时，中位数）",
    "已办结", "按时办结", "办结（工作小时，中位数）", "评价", "满意和基本满意",
)  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What became of the questions of a month."""

    statuses: Series
    topics: Series
    days: Series
    refused: str
    """Share that nothing answered."""
    followed: str
    """Share of answers after which the person opened a ticket within 24 hours."""
    followed_count: str


@dataclass(frozen=True)
class Report:
    """Everything about one month."""

    month: str
    rows: tuple[Row, ...]
    weeks: Series
    ratings: Series
    answers: Answers


def span(moment: datetime) -> tuple[datetime, datetime]:
    """The month around a moment, Nantong time."""
    start = moment.astimezone(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def month(session: Session, moment: datetime, rules: Rules, counties: Counties) -> Report:
    """The report of the month around ``moment``."""
    start, end = span(moment)
    found = _tickets(session, start, end, counties)
    by_service: dict[str, list[Any]] = defaultdict(list)
    for ticket in found:
        by_service[ticket.service].append(ticket)
    rated = Counter(ticket.rating for ticket in found if ticket.rating)
    titles = {"good": "满意", "fair": "基本满意", "bad": "不满意"}
    rows = _rows(dict(sorted(by_service.items())), found, rules)
    told = Series.of(((title, rated[key]) for key, title in titles.items()), whole=True)
    return Report(
        month=f"{start:%Y-%m}",
        rows=tuple(rows),
        weeks=_weeks(found, start, end).beside(rows[0].opened),
        ratings=told.beside(rows[0].rated),
        answers=_answers(session, start, end, counties),
    )


def _tickets(session: Session, start: datetime, end: datetime, counties: Counties) -> list[Any]:
    """What the figures are made of; nothing encrypted is read."""
    columns: list[Any] = [
        Ticket.service, Ticket.opened_at, Ticket.answered_at, Ticket.due_at,
        Ticket.resolved_at, Ticket.resolve_due_at, Ticket.rating,
    ]  # fmt: skip
    query: Any = select(*columns)
    query = query.where(
        Ticket.opened_at >= start, Ticket.opened_at < end, col(Ticket.merged_into).is_(None)
    )
    if counties is not None:
        query = query.where(col(Ticket.county).in_(counties))
    return list(session.exec(query).all())


def _rows(services: dict[str, list[Any]], everything: list[Any], rules: Rules) -> list[Row]:
    """A row for everything, then one for each service."""
    groups = list(services.values())

    def counted(test: Any) -> list[int]:
        return [sum(map(test, found)) for found in groups]

    columns = [
        shown([len(found) for found in groups]),
        shown(counted(lambda t: t.answered_at is not None)),
        shares(counted(_answered_in_time), counted(lambda t: t.answered_at is not None)),
        _medians([*groups, everything], "answered_at", rules),
        shown(counted(lambda t: t.resolved_at is not None)),
        shares(counted(_resolved_in_time), counted(_was_promised)),
        _medians([*groups, everything], "resolved_at", rules),
        shown(counted(lambda t: bool(t.rating))),
        shares(counted(lambda t: t.rating in ("good", "fair")), counted(lambda t: bool(t.rating))),
    ]
    total = Row("", *(total for _, total in columns))
    return [
        total,
        *(Row(name, *(cells[n] for cells, _ in columns)) for n, name in enumerate(services)),
    ]


def _answered_in_time(ticket: Any) -> bool:
    return ticket.answered_at is not None and ticket.answered_at <= ticket.due_at


def _was_promised(ticket: Any) -> bool:
    return ticket.resolved_at is not None and ticket.resolve_due_at is not None


def _resolved_in_time(ticket: Any) -> bool:
    return _was_promised(ticket) and ticket.resolved_at <= ticket.resolve_due_at


def _medians(groups: Sequence[list[Any]], until: str, rules: Rules) -> tuple[list[str], str]:
    """Median working hours from opening; the last group is everything."""
    spans = [
        [(t.opened_at, end) for t in found if (end := getattr(t, until)) is not None]
        for found in groups
    ]
    left_out, _ = hidden([len(found) for found in spans[:-1]])
    texts = [
        HIDDEN
        if place in left_out or 0 < len(found) < FEWEST
        else f"{np.median(hours(found, rules.frames)):.1f}"
        if found
        else "—"
        for place, found in enumerate(spans)
    ]
    return texts[:-1], texts[-1]


def _weeks(found: list[Any], start: datetime, end: datetime) -> Series:
    """Tickets by seven days of the month."""
    counts = Counter((ticket.opened_at - start).days // 7 for ticket in found)
    last = (end - start).days
    return Series.of(
        (f"{7 * n + 1}–{min(7 * n + 7, last)}日", counts[n]) for n in range((last + 6) // 7)
    )


def _answers(session: Session, start: datetime, end: datetime, counties: Counties) -> Answers:
    where = [col(Receipt.at) >= start, col(Receipt.at) < end]
    if counties is not None:
        where.append(col(Receipt.county).in_(counties))
    statuses = _counted(session, Receipt.status, where)
    of_answers = [*where, col(Receipt.status) == "answered"]
    topics = _counted(session, Receipt.topic, of_answers)
    followed: Any = select(func.count()).where(*of_answers, col(Receipt.ticket_at).is_not(None))
    went_on = session.exec(followed).one()
    told = Series.of((title, statuses[key]) for key, title in STATUSES.items())
    fate = dict(zip(STATUSES, told.shown, strict=True))
    return Answers(
        statuses=told,
        topics=Series.of(topics.most_common()).beside(fate["answered"]),
        days=_days(session, where, start, end).beside(told.total),
        refused=_share_of(statuses["unknown"], statuses.total(), fate["unknown"], told.total),
        followed=_share_of(went_on, statuses["answered"], fate["answered"]),
        followed_count=shown([went_on])[1],
    )


def _share_of(part: int, whole: int, *beside: str) -> str:
    """A share, unless a cell it would tell is hidden."""
    return HIDDEN if HIDDEN in beside else shares([part], [whole])[1]


def _counted(session: Session, column: Any, where: list[ColumnElement[bool]]) -> Counter[Any]:
    query: Any = select(column, func.count()).where(*where).group_by(column)
    return Counter(dict(session.exec(query).all()))


def _days(
    session: Session, where: list[ColumnElement[bool]], start: datetime, end: datetime
) -> Series:
    """Questions by day, Nantong time."""
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    day = case(*((col(Receipt.at) < one + timedelta(days=1), one.day) for one in days))
    counts = _counted(session, day, where)
    return Series.of((f"{one.day}日", counts[one.day]) for one in days)
