"""All places in memory, and the nearest of those that are wanted."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from knowledge import locations
from knowledge.coordinates import Degrees
from knowledge.gazetteer import Gazetteer
from knowledge.grid import Filter, Grid
from knowledge.locations import Location
from knowledge.placeclasses import Classes, Wanted
from knowledge.table import refuse

__all__ = ["Directory", "Found", "Nearby", "Wanted", "nearby"]
ROOT = Path(__file__).parent / "places"
FILES = ("places.csv", "samples.csv")
RADII_M = (3_000, 10_000, 30_000)
_ENOUGH = 3
_FILTERS = 256
"""How many different filters are remembered; the next minute has new ones."""


class Found(NamedTuple):
    """A place and how far it is in metres; None: only its county is known."""

    location: Location
    distance_m: float | None
    over_river: bool = False
    """Whether the Yangtze lies between: then the straight line is no way."""

    @property
    def approximate(self) -> bool:
        """Whether the distance is to the centre of the place's town, not to the place."""
        return self.distance_m is not None and self.location.point_status == "town"


@dataclass(frozen=True)
class Nearby:
    """The nearest places, and the radius in metres within which they were looked for."""

    radius_m: int
    found: tuple[Found, ...]


class Directory:
    """All places; those with a point, or whose town's centre is known, in a grid."""

    def __init__(self, places: Iterable[Location]) -> None:
        self.locations = tuple(sorted(places, key=lambda one: one.id))
        shown = [one for one in self.locations if one.status == "active"]
        self._placed = [one for one in shown if one.point or one.centre]
        points = np.array([one.point or one.centre for one in self._placed], float).reshape(-1, 2)
        self._classes = Classes(self._placed)
        self._grid = Grid(points[:, 0], points[:, 1], self._classes.numbers)
        self._filters: dict[Wanted, Filter] = {}
        self._by_county: dict[str, list[Location]] = {}
        for one in shown:
            self._by_county.setdefault(one.county, []).append(one)
        self._by_id = {one.id: one for one in self.locations}
        self.counties = frozenset(one.county for one in self.locations)

    @classmethod
    def load(cls, gazetteer: Gazetteer, root: Path = ROOT) -> Directory:
        """Read the shipped files. Raises KnowledgeError with every bad row of every file."""
        tables = [locations.table(root / name) for name in FILES]
        read = list(locations.read(tables, gazetteer.areas))
        refuse(*tables)
        return cls(read)

    def find(self, id: str) -> Location | None:
        """The place with that id, shown or not."""
        return self._by_id.get(id)

    def nearest(
        self, point: Degrees, count: int, wanted: Wanted, within_m: float = math.inf
    ) -> list[Found]:
        """At most ``count`` places around a WGS-84 point, by great-circle distance, ties by id."""
        at, away = self._grid.nearest(point, count, self._filter(wanted), within_m)
        placed = self._placed
        return [Found(placed[one], far) for one, far in zip(at, away, strict=True)]

    def within(self, point: Degrees, radius_m: float, kinds: Collection[str] = ()) -> list[Found]:
        """Places of ``kinds`` (none: all) at most ``radius_m`` metres away: nearest first, ties by id."""
        return self.nearest(point, len(self._placed), Wanted.of(kinds), radius_m)

    def has_points(self, kinds: Collection[str] = ()) -> bool:
        """Whether a distance can be told to any place of ``kinds`` (none: all)."""
        return self._filter(Wanted.of(kinds)).share > 0

    def of(self, counties: Collection[str], kinds: Collection[str] = ()) -> list[Location]:
        """Places of ``kinds`` (none: all) in ``counties`` or of the whole city, by id."""
        found = [
            one
            for county in {"", *counties}
            for one in self._by_county.get(county, ())
            if not kinds or one.kind in kinds
        ]
        return sorted(found, key=lambda one: one.id)

    def _filter(self, wanted: Wanted) -> Filter:
        """Which classes are wanted. A filter met again is known; there are few in a minute."""
        if (known := self._filters.get(wanted)) is not None:
            return known
        found = self._grid.filter(self._classes.table(wanted))
        kept = self._filters if len(self._filters) < _FILTERS else {}
        self._filters = kept | {wanted: found}
        return found


def nearby(
    directory: Directory,
    point: Degrees,
    *,
    kinds: Collection[str] = (),
    limit: int = 5,
    radii: tuple[int, ...] = RADII_M,
    skip: int = 0,
    wanted: Wanted | None = None,
) -> Nearby:
    """The nearest places of ``kinds`` (none: all), or those ``wanted``, around a WGS-84 point.

    Looks within the first of ``radii`` (metres, rising) that has three places besides the first
    ``skip``, or ``limit`` if that is less; within the last if none has.
    """
    found = directory.nearest(point, limit, wanted or Wanted.of(kinds), radii[-1])
    enough = min(limit, skip + _ENOUGH)
    far = found[enough - 1].distance_m if len(found) >= enough else None
    radius_m = next((one for one in radii if far is not None and far <= one), radii[-1])
    return Nearby(radius_m, tuple(one for one in found if (one.distance_m or 0) <= radius_m))
