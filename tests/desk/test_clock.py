"""Working time: lunch, weekends, holidays, exchanged working days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk import clock
from bot.desk.clock import BEIJING
from bot.desk.rules import Rules

HOURS = clock.Working(Rules().frames)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23 09:00", 60, "2026-11-23 10:00"),
        ("2026-11-23 11:30", 60, "2026-11-23 14:30"),  # over lunch
        ("2026-11-23 11:00", 60, "2026-11-23 12:00"),  # to the minute lunch begins
        ("2026-11-23 12:30", 30, "2026-11-23 14:30"),  # from within lunch
        ("2026-11-23 17:30", 60, "2026-11-24 09:30"),  # over night
        ("2026-11-23 03:00", 1, "2026-11-23 09:01"),
        ("2026-11-27 17:30", 60, "2026-11-30 09:30"),  # over a week-end
        ("2026-09-30 17:00", 120, "2026-10-08 10:00"),  # over the National Day holidays
        ("2026-10-10 09:00", 60, "2026-10-10 10:00"),  # a Saturday that is worked
        ("2026-11-23 09:00", 420, "2026-11-23 18:00"),
        ("2026-11-23 14:30", -60, "2026-11-23 11:30"),
        ("2026-11-30 09:30", -60, "2026-11-27 17:30"),
        ("2026-11-23 09:00", 0, "2026-11-23 09:00"),
    ],
)
def test_minutes_run_in_working_hours_only(start: str, minutes: int, end: str) -> None:
    assert HOURS.add(at(start), timedelta(minutes=minutes)) == at(end)
    if minutes > 0:
        assert HOURS.between(at(start), at(end)) == timedelta(minutes=minutes)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=BEIJING)
)


@settings(max_examples=200, deadline=None)
@given(moments, st.integers(1, 5000))
def test_adding_and_measuring_agree(start: datetime, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    end = HOURS.add(start, length)
    assert HOURS.between(start, end) == length
    assert HOURS.is_open(end) or HOURS.is_open(end - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:00"),
        ("2026-11-23 12:00", "2026-11-23 14:00"),
        ("2026-11-23 18:00", "2026-11-24 09:00"),
        ("2026-10-01 10:00", "2026-10-08 09:00"),
    ],
)
def test_when_somebody_is_on_duty_again(moment: str, opens: str) -> None:
    assert HOURS.next_open(at(moment)) == at(opens)
    assert HOURS.is_open(at(moment)) == (moment == opens)


@pytest.mark.parametrize(
    ("moment", "year"), [("2026-06-01 09:00", None), ("2050-01-03 09:00", 2050)]
)
def test_a_year_without_holidays_is_known_as_such(moment: str, year: int | None) -> None:
    assert clock.unknown_year(at(moment)) == year
