"""Moments and spans as staff read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.console.moments import shown
from bot.desk.standing import span

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 23, 1, 15, tzinfo=UTC), "今天 09:15"),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "今天 00:00"),
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "11月22日 23:59"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025年12月31日 23:59"),
    ],
)
def test_a_moment_is_shown_in_nantong_time(moment: datetime, words: str) -> None:
    assert shown(moment, NOW) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "不到1分钟"),
        (timedelta(minutes=25), "25分钟"),
        (timedelta(hours=1, minutes=59), "1小时"),
        (timedelta(days=2, hours=4), "2天4小时"),
        (timedelta(days=3), "3天"),
        (timedelta(days=12, hours=4), "12天"),
    ],
)
def test_a_span_is_as_exact_as_people_need(length: timedelta, words: str) -> None:
    assert span(length) == words
