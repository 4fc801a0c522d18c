"""What a month looked like: volume, times against promise, satisfaction, answers. Counts only.

Small cells are left out, and others so that nobody can work them out (:mod:`bot.desk.suppression`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Integer, cast, extract
from sqlmodel import Session, col, func, select

from bot.db.learning import Receipt
from bot.desk.clock import BEIJING
from bot.desk.monthly import Tickets, tickets
from bot.desk.rules import Rules
from bot.desk.suppression import HIDDEN, Series, hidden, shares, shown
from bot.desk.worked import Floats, hours

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
    found = tickets(session, start, end, counties)
    ratings = {"good": "满意", "fair": "基本满意", "bad": "不满意"}
    rows = _rows(found, rules)
    counts = [(title, int((found.rating == key).sum())) for key, title in ratings.items()]
    told = Series.of(counts, whole=True)
    return Report(
        month=f"{start:%Y-%m}",
        rows=tuple(rows),
        weeks=_weeks(found, start, end).beside(rows[0].opened),
        ratings=told.beside(rows[0].rated),
        answers=_answers(session, start, end, counties),
    )


def _rows(found: Tickets, rules: Rules) -> list[Row]:
    """A row for everything, then one for each service."""
    answered, resolved = ~np.isnan(found.answered), ~np.isnan(found.resolved)
    rated, content = found.rating != "", np.isin(found.rating, ("good", "fair"))
    promised = resolved & ~np.isnan(found.promised)
    of = found.by_service
    columns = [
        shown(of(~np.isnan(found.opened))),
        shown(of(answered)),
        shares(of(found.answered <= found.due), of(answered)),
        _medians(found, found.answered, rules),
        shown(of(resolved)),
        shares(of(promised & (found.resolved <= found.promised)), of(promised)),
        _medians(found, found.resolved, rules),
        shown(of(rated)),
        shares(of(content), of(rated)),
    ]
    total = Row("", *(total for _, total in columns))
    return [
        total,
        *(Row(name, *(cells[n] for cells, _ in columns)) for n, name in enumerate(found.names)),
    ]


def _medians(found: Tickets, until: Floats, rules: Rules) -> tuple[list[str], str]:
    """Median working hours from opening, by service and of all."""
    there = ~np.isnan(until)
    spent = hours(found.opened[there], until[there], rules.frames)
    services = found.service[there]
    left_out, total = hidden(found.by_service(there))
    texts = [
        HIDDEN if place in left_out else _median(spent[services == place])
        for place in range(len(found.names))
    ]
    return texts, HIDDEN if total else _median(spent)


def _median(values: Floats) -> str:
    return f"{np.median(values):.1f}" if len(values) else "—"


def _weeks(found: Tickets, start: datetime, end: datetime) -> Series:
    """Tickets by seven days of the month."""
    weeks = (found.opened - start.timestamp()) // (7 * 86_400)
    last = (end - start).days
    return Series.of(
        (f"{7 * n + 1}–{min(7 * n + 7, last)}日", int((weeks == n).sum()))
        for n in range((last + 6) // 7)
    )


def _answers(session: Session, start: datetime, end: datetime, counties: Counties) -> Answers:
    statuses, topics, days = Counter[str](), Counter[str](), Counter[int]()
    went_on = 0
    for status, topic, day, count, followed in _asked(session, start, end, counties):
        statuses[status] += count
        days[day] += count
        if status == "answered":
            topics[topic] += count
            went_on += followed
    told = Series.of((title, statuses[key]) for key, title in STATUSES.items())
    fate = dict(zip(STATUSES, told.shown, strict=True))
    by_day = Series.of((f"{n + 1}日", days[n]) for n in range((end - start).days))
    return Answers(
        statuses=told,
        topics=Series.of(sorted(topics.items())).beside(fate["answered"]).ranked(),
        days=by_day.beside(told.total),
        refused=_share_of(statuses["unknown"], statuses.total(), fate["unknown"], told.total),
        followed=_share_of(went_on, statuses["answered"], fate["answered"]),
        followed_count=shown([went_on])[1],
    )


def _asked(session: Session, start: datetime, end: datetime, counties: Counties) -> list[Any]:
    """(status, topic, day of the month from 0, questions, those followed by a ticket), in one walk
    over the month's receipts."""
    passed = cast(extract("epoch", col(Receipt.at)), Integer) - int(start.timestamp())
    day = passed // 86_400
    groups: list[Any] = [Receipt.status, Receipt.topic, day]
    counts: list[Any] = [func.count(), func.count(col(Receipt.ticket_at))]
    query: Any = select(*groups, *counts)
    query = query.where(col(Receipt.at) >= start, col(Receipt.at) < end)
    if counties is not None:
        query = query.where(col(Receipt.county).in_(counties))
    return list(session.execute(query.group_by(*groups)).all())


def _share_of(part: int, whole: int, *beside: str) -> str:
    """A share, unless a cell it would tell is hidden."""
    return HIDDEN if HIDDEN in beside else shares([part], [whole])[1]
