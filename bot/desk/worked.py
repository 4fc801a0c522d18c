"""Working time of many spans at once, for reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bot.desk.clock import is_working_day
from bot.desk.rules import Frame

Floats = NDArray[np.float64]
_DAY = 86_400
_EAST = 8 * 3600
"""Seconds Beijing is ahead of UTC."""


def hours(starts: Floats, ends: Floats, frames: Sequence[Frame]) -> Floats:
    """The working hours of each span, given in seconds since 1970: the same as
    ``clock.Working.between``."""
    if not len(starts):
        return np.zeros(0)
    local = np.stack((starts, ends), axis=1) + _EAST
    first = int(local.min() // _DAY)
    days = range(first, int(local.max() // _DAY) + 1)
    open_ = np.array([_works(day) for day in days], dtype=float)
    length = sum(_seconds(frame) for frame in frames)
    before = np.concatenate(([0.0], np.cumsum(open_ * length)))
    place = (local // _DAY).astype(int) - first
    moment = local % _DAY
    today = sum((np.clip(moment - _start(one), 0, _seconds(one)) for one in frames), np.zeros(1))
    passed = before[place] + open_[place] * today
    found: Floats = np.maximum(passed[:, 1] - passed[:, 0], 0) / 3600
    return found


def _works(day: int) -> bool:
    return is_working_day(date(1970, 1, 1) + timedelta(days=day))


def _start(frame: Frame) -> int:
    return frame.start.hour * 3600 + frame.start.minute * 60


def _seconds(frame: Frame) -> int:
    return frame.end.hour * 3600 + frame.end.minute * 60 - _start(frame)
