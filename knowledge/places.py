"""The directory of places that give preferential treatment, and which of them are near.

Words after Open Referral HSDS. Positions are kept as WGS-84 degrees; what the source gives in
another system is converted on reading. A place without a point of its own is listed by its town
(distance estimated from the town's centre) or its county, never with an invented position.
"""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from knowledge.coordinates import Crs, Degrees, distance_m, inside_nantong, to_wgs84
from knowledge.gazetteer import Gazetteer, Named, Resolution

ROOT = Path(__file__).parent / "places"
FILES = ("places.csv", "samples.csv")
KINDS: Mapping[str, str] = {
    "merchant": "拥军商户",
    "street": "拥军示范街区",
    "hospital-designated": "优待定点医院",
    "hospital-priority": "优先服务医院",
    "hospital": "医院（优待未核实）",
    "service-station": "退役军人服务站",
    "service-center": "退役军人服务中心",
    "scenic": "景区",
    "memorial": "烈士纪念设施",
}
GROUPS: Mapping[str, str] = {
    "merchant": "拥军商户、示范街区",
    "hospital": "优待医院",
    "service-station": "退役军人服务中心、服务站",
    "scenic": "景区",
    "memorial": "烈士陵园、纪念馆",
}
KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "merchant": ("merchant", "street"),
    "hospital": ("hospital-designated", "hospital-priority", "hospital"),
    "service-station": ("service-station", "service-center"),
    "scenic": ("scenic",),
    "memorial": ("memorial",),
}
_RADII_M = (3_000, 10_000, 30_000)
_METRES_A_DEGREE = 111_195.0
PointStatus = Literal["exact", "unverified", "town", "none"]
FindStatus = Literal["ok", "ambiguous", "outside", "none"]


class PlacesError(Exception):
    """The files cannot be used; the message lists every bad row with file, line and remedy."""


@dataclass(frozen=True)
class Location:
    """One place. ``point`` is WGS-84; ``point_status`` says how far to trust it."""

    id: str
    name: str
    kind: str
    county: str
    town: str
    address: str
    phone: str
    point: Degrees | None
    point_status: PointStatus
    offer: str
    hours: str
    source: str
    verified_on: str
    confidence: str
    sample: bool


@dataclass(frozen=True)
class Found:
    """A place with its distance in metres (None: only the county is known)."""

    location: Location
    distance_m: float | None

    @property
    def approximate(self) -> bool:
        """Whether the distance is an estimate."""
        return self.location.point_status != "exact"


@dataclass(frozen=True)
class Finding:
    """What was found around ``origin``; ``radius_m`` is how far we had to look."""

    status: FindStatus
    origin: Named | None = None
    options: tuple[Named, ...] = ()
    locations: tuple[Found, ...] = ()
    radius_m: int | None = None


class Directory:
    """All places, sorted by latitude so that a box is two bisections."""

    def __init__(self, locations: Collection[Location]) -> None:
        self.locations = tuple(sorted(locations, key=lambda one: one.id))
        placed = [one for one in self.locations if one.point]
        self._placed = sorted(placed, key=lambda one: (one.point or (0, 0), one.id))
        self._latitudes = [one.point[0] for one in self._placed if one.point]

    @classmethod
    def load(cls, gazetteer: Gazetteer, root: Path = ROOT) -> Directory:
        """Read the shipped files. Raises PlacesError with every bad row."""
        problems: list[str] = []
        found: list[Location] = []
        for name in FILES:
            found += _read(root / name, gazetteer, problems)
        if problems:
            raise PlacesError("地点文件有误：\n" + "\n".join(problems))
        return cls(found)

    def around(self, point: Degrees, kinds: Collection[str], radius_m: float) -> list[Found]:
        """Places of ``kinds`` within ``radius_m`` metres, nearest first, ties by id."""
        margin = radius_m / _METRES_A_DEGREE
        first = bisect_left(self._latitudes, point[0] - margin)
        last = bisect_right(self._latitudes, point[0] + margin)
        found = [
            Found(one, distance_m(point, one.point))
            for one in self._placed[first:last]
            if one.point and (not kinds or one.kind in kinds)
        ]
        near = [one for one in found if one.distance_m is not None and one.distance_m <= radius_m]
        return sorted(near, key=lambda one: (one.distance_m or 0.0, one.location.id))

    def of_county(self, county: str, kinds: Collection[str]) -> list[Found]:
        """Places of ``kinds`` in a county of which no point is known."""
        return [
            Found(one, None)
            for one in self.locations
            if one.point is None and one.county in (county, "") and (not kinds or one.kind in kinds)
        ]


def find(
    directory: Directory,
    gazetteer: Gazetteer,
    *,
    point: Degrees | None = None,
    place: str | None = None,
    kinds: Collection[str] = (),
    limit: int = 5,
) -> Finding:
    """Places near a WGS-84 ``point`` or a typed ``place``.

    A county alone is ``ambiguous``: its towns are the options, and what we know of the county
    without a point is listed.
    """
    if point is not None:
        return _at_point(directory, gazetteer, point, kinds, limit)
    return _at_name(directory, gazetteer.resolve(place or ""), kinds, limit)


def _at_point(
    directory: Directory,
    gazetteer: Gazetteer,
    point: Degrees,
    kinds: Collection[str],
    limit: int,
) -> Finding:
    if not inside_nantong(*point):
        return Finding("outside")
    town = gazetteer.nearest_town(point)
    origin = Named("您的位置", "point", town.county if town else "", "", point, 0)
    return _around(directory, origin, kinds, limit)


def _at_name(
    directory: Directory, meant: Resolution, kinds: Collection[str], limit: int
) -> Finding:
    if meant.status == "county" and meant.origin:
        listed = directory.of_county(meant.origin.county, kinds)
        return Finding("ambiguous", meant.origin, meant.options, tuple(listed[:limit]))
    if meant.status == "ok" and meant.origin:
        return _around(directory, meant.origin, kinds, limit)
    status: FindStatus = "none" if meant.status == "none" else "outside"
    if meant.options:
        status = "ambiguous"
    return Finding(status, meant.origin, meant.options)


def _around(directory: Directory, origin: Named, kinds: Collection[str], limit: int) -> Finding:
    """Look farther and farther; what has no point follows, by county."""
    found: list[Found] = []
    reached: int | None = None
    for radius in _RADII_M if origin.point else ():
        found, reached = directory.around(origin.point or (0, 0), kinds, radius), radius
        if len(found) >= min(3, limit):
            break
    listed = [*found, *directory.of_county(origin.county, kinds)][:limit]
    status: FindStatus = "ok" if listed else "none"
    return Finding(status, origin, (), tuple(listed), reached if found else None)


def _read(path: Path, gazetteer: Gazetteer, problems: list[str]) -> Iterator[Location]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield _location(row, gazetteer)
            except ValueError as problem:
                problems.append(f"{path}:{line}: {problem}")


def _location(row: Mapping[str, str], gazetteer: Gazetteer) -> Location:
    if row["kind"] not in KINDS:
        raise ValueError(f"kind 列：没有“{row['kind']}”这一类，可用 {'、'.join(KINDS)}")
    point, status = _position(row, gazetteer)
    return Location(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        county=row["county"],
        town=row["town"],
        address=row["address"],
        phone=row["phone"],
        point=point,
        point_status=status,
        offer=row["offer"],
        hours=row["hours"],
        source=row["source"],
        verified_on=row["verified_on"],
        confidence=row["confidence"],
        sample=row["sample"] == "true",
    )


def _position(row: Mapping[str, str], gazetteer: Gazetteer) -> tuple[Degrees | None, PointStatus]:
    if row["latitude"]:
        if row["crs"] not in get_args(Crs):
            raise ValueError(f"crs 列：没有“{row['crs']}”这种坐标系，可用 wgs84、gcj02、bd09")
        crs: Crs = row["crs"]  # type: ignore[assignment]
        try:
            point = to_wgs84(float(row["latitude"]), float(row["longitude"]), crs)
        except ValueError:
            raise ValueError("latitude、longitude 列：要写数字，单位是度") from None
        if not inside_nantong(*point):
            raise ValueError("latitude、longitude 列：不在南通，经纬度可能写反了")
        return point, "exact" if row["point_status"] == "exact" else "unverified"
    town = gazetteer.town(row["town"], row["county"]) if row["town"] else None
    return (town.point, "town") if town and town.point else (None, "none")
