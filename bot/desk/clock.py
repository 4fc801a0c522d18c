"""Working time in Nantong: State-Council holidays and exchanged working days included."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Protocol

import chinese_calendar

from bot.desk.rules import Frame

BEIJING = timezone(timedelta(hours=8))
_END_OF_DAY = time(18, 0)
_NOTHING = timedelta()
log = logging.getLogger(__name__)


class Clock(Protocol):
    """How a promise's time runs."""

    def add(self, start: datetime, length: timedelta) -> datetime:
        """The moment ``length`` after ``start``; a negative one lies before."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of its time lies between two moments; nothing if they are turned round."""


class AllDay:
    """The clock on the wall, for danger to life."""

    def add(self, start: datetime, length: timedelta) -> datetime:
        """``start`` plus ``length``."""
        return start + length

    def between(self, start: datetime, end: datetime) -> timedelta:
        """``end`` minus ``start``."""
        return max(_NOTHING, end - start)


@dataclass(frozen=True)
class Working:
    """Runs in the working hours of working days only."""

    frames: Sequence[Frame]

    def add(self, start: datetime, length: timedelta) -> datetime:
        """The moment when ``length`` of working time has passed since ``start``."""
        if length == _NOTHING:
            return start
        return self._back(start, -length) if length < _NOTHING else self._forward(start, length)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments."""
        spans = self._spans(start.astimezone(BEIJING).date(), 1)
        total = _NOTHING
        for opens, closes in spans:
            if opens >= end:
                return total
            total += max(_NOTHING, min(closes, end) - max(opens, start))
        return total

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is on duty at ``moment``."""
        today = moment.astimezone(BEIJING).date()
        return any(
            opens <= moment < closes
            for opens, closes in self._of_day(today, 1)
            if is_working_day(today)
        )

    def next_open(self, moment: datetime) -> datetime:
        """When somebody is on duty again; ``moment`` itself if somebody is."""
        for opens, closes in self._spans(moment.astimezone(BEIJING).date(), 1):
            if closes > moment:
                return max(opens, moment)
        raise AssertionError("there is always another working day")

    def _forward(self, start: datetime, left: timedelta) -> datetime:
        for opens, closes in self._spans(start.astimezone(BEIJING).date(), 1):
            begins = max(opens, start)
            if begins < closes and left <= closes - begins:
                return begins + left
            left -= max(_NOTHING, closes - begins)
        raise AssertionError("there is always another working day")

    def _back(self, end: datetime, left: timedelta) -> datetime:
        for opens, closes in self._spans(end.astimezone(BEIJING).date(), -1):
            ends = min(closes, end)
            if left < ends - opens:  # what falls on an opening counts as the closing before
                return ends - left
            left -= max(_NOTHING, ends - opens)
        raise AssertionError("there is always an earlier working day")

    def _spans(self, day: date, step: int) -> Iterator[tuple[datetime, datetime]]:
        """Opening and closing moments from ``day`` on, in the direction of ``step``."""
        while True:
            if is_working_day(day):
                yield from self._of_day(day, step)
            day += timedelta(days=step)

    def _of_day(self, day: date, step: int) -> Iterator[tuple[datetime, datetime]]:
        for frame in self.frames[::step]:
            yield (
                datetime.combine(day, frame.start, BEIJING),
                datetime.combine(day, frame.end, BEIJING),
            )


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Whether offices are open on ``day``; for a year whose holidays are not known, Monday to
    Friday, with a warning in the log (the console shows one too)."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        log.warning("holidays of %s are unknown: update the chinesecalendar package", day.year)
        return day.weekday() < 5


def unknown_year(moment: datetime, *, ahead: timedelta = timedelta(days=45)) -> int | None:
    """A year that promises made at ``moment`` may reach and whose holidays are not known."""
    for day in (moment, moment + ahead):
        year = day.astimezone(BEIJING).year
        try:
            chinese_calendar.is_workday(date(year, 1, 1))
        except NotImplementedError:
            return year
    return None


def add_working_days(start: datetime, days: int) -> datetime:
    """The end of the ``days``-th working day after ``start``, Nantong time."""
    day = start.astimezone(BEIJING).date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day, _END_OF_DAY, BEIJING)
