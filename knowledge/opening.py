"""Opening hours as people write them in Chinese, and whether a place is open at a moment.

The calendar is the caller's: it says of a date whether it is a working day, a weekend or a
public holiday. What the text does not say stays unknown (None) – a place is never called open on
a holiday because nobody thought of holidays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias

DayKind = Literal["workday", "weekend", "holiday"]
Calendar: TypeAlias = Callable[[date], DayKind]
"""Says what kind of day a date is; exchanged working Saturdays are ``workday``."""
Minutes: TypeAlias = tuple[int, int]
"""From and to, in minutes after midnight; beyond 1440 is the next morning."""
EVERY_DAY = frozenset(range(7))
_AHEAD_DAYS = 8


@dataclass(frozen=True)
class Rule:
    """The hours of some days; no ``spans`` means closed.

    ``days`` are weekdays (Monday is 0). ``kind`` narrows to working days or holidays of the
    calendar. ``season`` is (month, day) to (month, day), both included; it may run over New Year.
    ``assumed``: the text named no days, so that holidays stay unknown. ``but_holidays``: does not
    hold on public holidays, as in 周一闭馆（节假日除外）.
    """

    days: frozenset[int] = EVERY_DAY
    spans: tuple[Minutes, ...] = ()
    kind: DayKind | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    assumed: bool = False
    but_holidays: bool = False

    def holds_on(self, day: date, kind: DayKind) -> bool:
        """Whether the rule speaks of such a day."""
        if self.but_holidays and kind == "holiday":
            return False
        return self.kind == kind if self.kind else day.weekday() in self.days

    def says(self, kind: DayKind) -> bool:
        """Whether the rule can be trusted on a holiday or an exchanged day.

        周一至周五 does not say whether a holiday Monday or a working Saturday counts.
        """
        every = self.days == EVERY_DAY and not (self.assumed and kind == "holiday")
        return self.kind == kind or (self.kind is None and every)

    def valid_on(self, day: date) -> bool:
        """Whether the rule's season holds on ``day``."""
        if self.season is None:
            return True
        first, last = self.season
        at = (day.month, day.day)
        return first <= at <= last if first <= last else at >= first or at <= last


@dataclass(frozen=True)
class OpenState:
    """``is_open`` None: the hours do not say. ``until``: when that changes, as far as known."""

    is_open: bool | None
    until: datetime | None = None


@dataclass(frozen=True)
class Opening:
    """The hours of a place: ``text`` as given, ``rules`` as understood."""

    text: str
    rules: tuple[Rule, ...]

    def spans(self, day: date, kind: DayKind) -> tuple[Minutes, ...] | None:
        """When it is open on ``day``; empty: closed all day; None: the text does not say."""
        rules = [rule for rule in self.rules if rule.valid_on(day)]
        if kind == "holiday" and (own := [rule for rule in rules if rule.kind == "holiday"]):
            return _together(own)
        matching = [rule for rule in rules if rule.holds_on(day, kind)]
        if any(not rule.spans for rule in matching):
            return None if kind == "holiday" else ()
        if kind != "holiday" and (kind == "workday") == (day.weekday() < 5):
            return _together(matching)
        sure = [rule for rule in matching if rule.says(kind)]
        return _together(sure) if sure else None

    def at(self, moment: datetime, calendar: Calendar) -> OpenState:
        """How it stands at ``moment`` (local time), and until when."""
        for back in (1, 0):
            day = moment.date() - timedelta(days=back)
            for first, last in self.spans(day, calendar(day)) or ():
                opens, closes = _moment(day, first, moment), _moment(day, last, moment)
                if opens <= moment < closes:
                    return OpenState(True, None if _all_day((first, last)) else closes)
        if self.spans(moment.date(), calendar(moment.date())) is None:
            return OpenState(None)
        return OpenState(False, self.next_opening(moment, calendar))

    def next_opening(self, moment: datetime, calendar: Calendar) -> datetime | None:
        """When it opens next after ``moment``; None: not within eight days, or unknown."""
        for ahead in range(_AHEAD_DAYS):
            day = moment.date() + timedelta(days=ahead)
            for first, _ in sorted(self.spans(day, calendar(day)) or ()):
                if (opens := _moment(day, first, moment)) > moment:
                    return opens
        return None


def _together(rules: list[Rule]) -> tuple[Minutes, ...]:
    return tuple(sorted({span for rule in rules for span in rule.spans}))


def _all_day(span: Minutes) -> bool:
    return span == (0, 1440)


def _moment(day: date, minutes: int, like: datetime) -> datetime:
    start = datetime.combine(day, time(), like.tzinfo)
    return start + timedelta(minutes=minutes)


def shown(spans: tuple[Minutes, ...]) -> Iterator[str]:
    """Each span as ``8:30–11:30``."""
    for first, last in spans:
        night = "次日" if last > 1440 else ""
        yield f"{_clock(first)}–{night}{_clock(last)}"


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes, 60)
    return f"{hour if hour <= 24 else hour - 24}:{minute:02d}"
