"""Working hours of many spans are those of one."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np

from bot.db.tables import now
from bot.desk.clock import Working
from bot.desk.rules import Rules
from bot.desk.worked import hours


def test_many_spans_at_once_are_the_same_as_one_by_one() -> None:
    dice, frames = random.Random(1), Rules().frames  # noqa: S311
    start = now().replace(year=2026, month=2, day=1)  # the Spring Festival lies in it
    spans = []
    for _ in range(300):
        begin = start + timedelta(minutes=dice.randrange(60 * 24 * 40))
        spans.append((begin, begin + timedelta(minutes=dice.randrange(-600, 60 * 24 * 20))))
    one_by_one = [Working(frames).between(*span).total_seconds() / 3600 for span in spans]
    starts, ends = (
        np.array([one.timestamp() for one in side]) for side in zip(*spans, strict=True)
    )
    found = hours(starts, ends, frames)
    assert max(abs(a - b) for a, b in zip(found, one_by_one, strict=True)) < 1e-6
    assert len(hours(np.zeros(0), np.zeros(0), frames)) == 0
