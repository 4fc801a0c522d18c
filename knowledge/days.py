"""What kind of day a date is in China: the calendar that opening hours are read with."""

from __future__ import annotations

import logging
from datetime import date

import chinese_calendar

from knowledge.opening import DayKind

log = logging.getLogger(__name__)


def day_kind(day: date) -> DayKind:
    """Working day, weekend or public holiday, exchanged days included.

    For a year whose holidays are not published yet: Monday to Friday, with a warning in the log.
    """
    try:
        if chinese_calendar.is_workday(day):
            return "workday"
        return "holiday" if chinese_calendar.get_holiday_detail(day)[1] else "weekend"
    except NotImplementedError:
        log.warning("holidays of %s are unknown: update the chinesecalendar package", day.year)
        return "workday" if day.weekday() < 5 else "weekend"
