"""What a month looked like: volume, times against promise, satisfaction. Counts only.

Figures about fewer than five requests are hidden: somebody might be recognised in them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session, col, select

from bot.db.tables import Ticket
from bot.desk.clock import BEIJING, Working
from bot.desk.rules import Rules

FEWEST = 5
"""Smaller groups are not shown."""
HIDDEN = "少于5"
HEAD = (
    "事项", "提交", "已答复", "按时首次答复", "首次答复（工作小时，中位数）", "已办结", "满意和基本满意",
)  # fmt: skip


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
    content: str
    """Share of 满意 and 基本满意 among those who said."""


def month(
    session: Session, first_day: datetime, rules: Rules, counties: frozenset[str] | None
) -> list[Row]:
    """A row for everything and one for each service, of tickets opened in a month."""
    start = first_day.astimezone(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    query = select(Ticket).where(
        Ticket.opened_at >= start, Ticket.opened_at < end, col(Ticket.merged_into).is_(None)
    )
    if counties is not None:
        query = query.where(col(Ticket.county).in_(counties))
    by_service: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in session.exec(query).all():
        by_service[ticket.service].append(ticket)
    everything = [ticket for found in by_service.values() for ticket in found]
    hours = Working(rules.frames)
    rows = [_row(service, found, hours) for service, found in sorted(by_service.items())]
    return [_row("", everything, hours), *_unguessable(rows)]


def _row(service: str, found: Sequence[Ticket], hours: Working) -> Row:
    answered = [ticket for ticket in found if ticket.answered_at is not None]
    timely = sum(t.answered_at <= t.due_at for t in answered if t.answered_at is not None)
    waits = [
        hours.between(t.opened_at, t.answered_at).total_seconds() / 3600
        for t in answered
        if t.answered_at is not None
    ]
    rated = Counter(ticket.rating for ticket in found if ticket.rating)
    return Row(
        service=service,
        opened=_count(len(found)),
        answered=_count(len(answered)),
        on_time=_share(timely, len(answered)),
        first=f"{median(waits):.1f}" if len(waits) >= FEWEST else HIDDEN,
        resolved=_count(sum(ticket.resolved_at is not None for ticket in found)),
        content=_share(rated["good"] + rated["fair"], rated.total()),
    )


def _unguessable(rows: Iterable[Row]) -> list[Row]:
    """With one row hidden, the total would give it away: then the next smallest is hidden too."""
    listed = list(rows)
    hidden = [row for row in listed if row.opened == HIDDEN]
    if len(hidden) != 1 or len(listed) < 2:
        return listed
    smallest = min((row for row in listed if row not in hidden), key=lambda row: int(row.opened))
    blank = Row(smallest.service, *(HIDDEN,) * 6)
    return [blank if row is smallest else row for row in listed]


def _count(number: int) -> str:
    return str(number) if number == 0 or number >= FEWEST else HIDDEN


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole >= FEWEST else HIDDEN
