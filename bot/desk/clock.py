"""Working days in Nantong: State-Council holidays and exchanged working days included."""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta, timezone

import chinese_calendar

BEIJING = timezone(timedelta(hours=8))
_END_OF_DAY = time(18, 0)
log = logging.getLogger(__name__)


def is_working_day(day: date) -> bool:
    """Whether offices are open on ``day``; for a year whose holidays are not published yet,
    Monday to Friday, with a warning in the log."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        log.warning("holidays of %s are unknown: update the chinesecalendar package", day.year)
        return day.weekday() < 5


def add_working_days(start: datetime, days: int) -> datetime:
    """The end of the ``days``-th working day after ``start``, Nantong time."""
    day = start.astimezone(BEIJING).date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day, _END_OF_DAY, BEIJING)
