"""The 15-minute circle: how far each town is from what veterans need, and where the lacks are.

No official standard for a 拥军服务圈 was found: the report states how it measures. Only places
that are open, verified and have a position of their own count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.coordinates import Degrees
from knowledge.directory import Directory, Wanted
from knowledge.gazetteer import Named
from knowledge.locations import KINDS, Location
from knowledge.places import GROUPS, KINDS_OF, on_chongming
from knowledge.raster import Bools, Raster, Ring
from knowledge.travel import Mode, minutes, reach_m

VERIFIED_DAYS = 180
_GROUPED = {kind for kinds in KINDS_OF.values() for kind in kinds}
LOOKED_FOR: Mapping[str, tuple[str, ...]] = {
    **{label: KINDS_OF[group] for group, label in GROUPS.items()},
    **{label: (kind,) for kind, label in KINDS.items() if kind not in _GROUPED},
}
"""What is looked for, as people read it, and its kinds."""
LEFT_OUT = ("示例", "已关闭或暂停", "没有经纬度", "没有核实或超过 180 天")
Counts: TypeAlias = NDArray[np.int64]
Population = Mapping[tuple[str, str], int]
"""Residents by county and town."""


@dataclass(frozen=True)
class Question:
    """What is asked: within how many minutes, and how one goes."""

    within: float = 15
    mode: Mode = "walk"
    today: date = date.min
    population: Population = field(default_factory=dict)
    border: Sequence[Ring] = ()


@dataclass(frozen=True)
class Way:
    """From a town or village to the nearest place; no ``place``: there is none."""

    place: Location | None = None
    distance_m: float = float("inf")
    minutes: float = float("inf")


@dataclass(frozen=True)
class Row:
    """A town, or a village whose point is known, and its ways by what is looked for."""

    area: Named
    ways: Mapping[str, Way]
    residents: int = 0


@dataclass(frozen=True)
class Share:
    """Of a county, or of all: towns within reach, and shares of area and residents (None: no
    figures)."""

    towns: int
    within: int
    area: float
    residents: float | None


@dataclass(frozen=True)
class Report:
    """All that was found. ``shares`` are by county (empty: all) and what is looked for."""

    question: Question
    counted: int
    left_out: Mapping[str, int]
    rows: tuple[Row, ...]
    unplaced: tuple[Named, ...]
    shares: Mapping[tuple[str, str], Share]
    raster: Raster
    covered: Mapping[str, Bools]
    looked_for: tuple[str, ...]

    def lacks(self) -> list[tuple[Row, str, Way]]:
        """Towns out of reach of something, the worst first: most residents, then longest way."""
        found = [
            (row, what, row.ways[what])
            for row in self.rows
            for what in self.looked_for
            if row.area.kind == "town" and row.ways[what].minutes > self.question.within
        ]
        return sorted(found, key=_urgency)


def report(
    places: Iterable[Location], towns: Sequence[Named], villages: Sequence[Named], ask: Question
) -> Report:
    """Measure from every town and village with a point; ``ask.today`` decides what is verified."""
    places = list(places)
    counted, left_out = _counting(places, ask.today)
    looked_for = tuple(
        what
        for what, kinds in LOOKED_FOR.items()
        if what in GROUPS.values() or any(one.kind in kinds for one in counted)
    )
    placed = [town for town in towns if town.point]
    sides = {side: Directory(_side(counted, side=side)) for side in (False, True)}
    rows = [_row(area, sides, looked_for, ask) for area in (*placed, *villages) if area.point]
    raster = Raster([town.point for town in placed if town.point], ask.border)
    reach = reach_m(ask.within, ask.mode)
    island = np.array([on_chongming(town.name) for town in placed] + [False])[raster.owner]
    covered = {
        what: np.where(
            island,
            raster.within(_points(_side(counted, side=True), what), reach),
            raster.within(_points(_side(counted, side=False), what), reach),
        )
        for what in looked_for
    }
    return Report(
        ask,
        len(counted),
        left_out,
        tuple(rows),
        tuple(town for town in towns if not town.point),
        dict(_shares(rows[: len(placed)], raster, covered, ask.within)),
        raster,
        covered,
        looked_for,
    )


def _counting(places: Iterable[Location], today: date) -> tuple[list[Location], Counter[str]]:
    """The places that count, and how many do not, by why."""
    fresh = (today - timedelta(days=VERIFIED_DAYS)).isoformat()
    left_out: Counter[str] = Counter(dict.fromkeys(LEFT_OUT, 0))
    counted = []
    for place in places:
        whys = (place.sample, place.status != "active", place.point is None)
        why = next((name for name, is_so in zip(LEFT_OUT, whys, strict=False) if is_so), "")
        why = why or (LEFT_OUT[3] if place.verified_on < fresh else "")
        if why:
            left_out[why] += 1
        else:
            counted.append(place)
    return counted, left_out


def _side(places: Iterable[Location], *, side: bool) -> list[Location]:
    """The places on the island (True) or on the mainland: nobody walks over the Yangtze."""
    return [one for one in places if on_chongming(one.town) is side]


def _row(
    area: Named, sides: Mapping[bool, Directory], looked_for: Iterable[str], ask: Question
) -> Row:
    assert area.point is not None  # noqa: S101 - report() saw to it
    directory = sides[on_chongming(area.town)]
    ways = {what: _way(directory, area.point, what, ask.mode) for what in looked_for}
    residents = ask.population.get((area.county, area.name), 0) if area.kind == "town" else 0
    return Row(area, ways, residents)


def _way(directory: Directory, point: Degrees, what: str, mode: Mode) -> Way:
    for found in directory.nearest(point, 1, Wanted.of(LOOKED_FOR[what])):
        away = found.distance_m or 0.0
        return Way(found.location, away, minutes(away, mode))
    return Way()


def _points(places: Iterable[Location], what: str) -> list[Degrees]:
    kinds = LOOKED_FOR[what]
    return [one.point for one in places if one.kind in kinds and one.point]


def _shares(
    towns: Sequence[Row], raster: Raster, covered: Mapping[str, Bools], within: float
) -> Iterable[tuple[tuple[str, str], Share]]:
    """Every county's share of what is looked for, and all Nantong's (county empty)."""
    cells = np.bincount(raster.owner[raster.owner >= 0], minlength=len(towns))
    counties = dict.fromkeys(row.area.county for row in towns)
    for what, inside in covered.items():
        held = np.bincount(raster.owner[(raster.owner >= 0) & inside], minlength=len(towns))
        for county in ("", *counties):
            mine = [n for n, row in enumerate(towns) if county in ("", row.area.county)]
            reached = sum(towns[n].ways[what].minutes <= within for n in mine)
            yield (
                (county, what),
                _share([towns[n] for n in mine], reached, cells[mine], held[mine]),
            )


def _share(rows: Sequence[Row], reached: int, cells: Counts, held: Counts) -> Share:
    residents = np.array([row.residents for row in rows], float)
    part = held / np.maximum(cells, 1)
    people = float((residents * part).sum() / residents.sum()) if residents.sum() else None
    return Share(
        len(rows),
        reached,
        float(held.sum() / max(1, cells.sum())),
        people,
    )


def _urgency(lack: tuple[Row, str, Way]) -> tuple[float, float, str]:
    row, _, way = lack
    return -row.residents, -way.minutes, row.area.label
