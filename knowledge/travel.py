"""How long a way takes, from the straight line: an estimate that names its assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Mode = Literal["walk", "ebike"]
KM_AN_HOUR: Mapping[Mode, float] = {"walk": 4.0, "ebike": 15.0}
"""An older person on foot; an electric bicycle in a town (25 km/h is the most the law allows)."""
DETOUR = 1.25
"""The way is longer than the straight line: network distance over straight distance, about 1.2 in
the literature (Newell 1980; O'Sullivan and Morrall 1996) and more on foot. Rivers are not in it."""
MODES: Mapping[Mode, str] = {"walk": "步行", "ebike": "骑电动自行车"}


def minutes(straight_m: float, mode: Mode) -> float:
    """Minutes for a straight line of so many metres."""
    return straight_m * DETOUR / (KM_AN_HOUR[mode] * 1000 / 60)


def reach_m(within: float, mode: Mode) -> float:
    """The straight line, in metres, that so many minutes are enough for."""
    return within * KM_AN_HOUR[mode] * 1000 / 60 / DETOUR
