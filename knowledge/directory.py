"""All places in memory, and the nearest of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge import locations
from knowledge.coordinates import Degrees, distance_m
from knowledge.gazetteer import Gazetteer
from knowledge.locations import Location
from knowledge.table import refuse

ROOT = Path(__file__).parent / "places"
FILES = ("places.csv", "samples.csv")
RADII_M = (3_000, 10_000, 30_000)
_ENOUGH = 3
_METRES_A_DEGREE = 111_195.0


@dataclass(frozen=True)
class Found:
    """A place and how far it is in metres; None: only its county is known."""

    location: Location
    distance_m: float | None

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
    """All places; those with a point sorted by latitude, so that a belt is two bisections."""

    def __init__(self, places: Iterable[Location]) -> None:
        self.locations = tuple(sorted(places, key=lambda one: one.id))
        self._shown = tuple(one for one in self.locations if one.status == "active")
        belt = [(at, one) for one in self._shown if (at := one.point or one.centre)]
        self._belt = sorted(belt, key=lambda pair: (pair[0], pair[1].id))
        self._latitudes = [point[0] for point, _ in self._belt]
        self.counties = frozenset(one.county for one in self.locations)

    @classmethod
    def load(cls, gazetteer: Gazetteer, root: Path = ROOT) -> Directory:
        """Read the shipped files. Raises KnowledgeError with every bad row of every file."""
        tables = [locations.table(root / name) for name in FILES]
        read = list(locations.read(tables, gazetteer.areas))
        refuse(*tables)
        return cls(read)

    def within(self, point: Degrees, radius_m: float, kinds: Collection[str] = ()) -> list[Found]:
        """Places of ``kinds`` (none: all) at most ``radius_m`` metres away: nearest first, ties by id."""
        margin = radius_m / _METRES_A_DEGREE * 1.0001
        first = bisect_left(self._latitudes, point[0] - margin)
        last = bisect_right(self._latitudes, point[0] + margin)
        found = (
            (distance_m(point, at), one.id, one)
            for at, one in self._belt[first:last]
            if not kinds or one.kind in kinds
        )
        return [Found(one, away) for away, _, one in sorted(found) if away <= radius_m]

    def has_points(self, kinds: Collection[str] = ()) -> bool:
        """Whether a distance can be told to any place of ``kinds`` (none: all)."""
        return any(not kinds or one.kind in kinds for _, one in self._belt)

    def of(self, counties: Collection[str], kinds: Collection[str] = ()) -> list[Location]:
        """Places of ``kinds`` (none: all) in ``counties`` or of the whole city, by id."""
        wanted = (one for one in self._shown if not kinds or one.kind in kinds)
        return [one for one in wanted if not one.county or one.county in counties]


def nearby(
    directory: Directory,
    point: Degrees,
    *,
    kinds: Collection[str] = (),
    limit: int = 5,
    radii: tuple[int, ...] = RADII_M,
) -> Nearby:
    """The nearest places of ``kinds`` (none: all) around a WGS-84 point.

    Looks within the first of ``radii`` (metres, rising) that has three places, or ``limit`` if
    that is less; within the last if none has.
    """
    found: list[Found] = []
    for radius_m in radii:
        found = directory.within(point, radius_m, kinds)
        if len(found) >= min(limit, _ENOUGH):
            break
    return Nearby(radius_m, tuple(found[:limit]))
