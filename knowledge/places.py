"""The directory of places that give preferential treatment, and which of them are near.

A place without a point of its own is estimated from its town's centre or listed by its county;
no position is ever invented.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from knowledge.coordinates import Degrees, distance_m, inside_nantong, looks_swapped
from knowledge.directory import RADII_M, Directory, Found, Nearby, Wanted, nearby
from knowledge.gazetteer import Gazetteer, Named, Resolution
from knowledge.locations import KINDS, Location

__all__ = [
    "KINDS",
    "Directory",
    "Finding",
    "Found",
    "Location",
    "Nearby",
    "Wanted",
    "find",
    "nearby",
]
GROUPS: Mapping[str, str] = {
    "merchant": "拥军商户、示范街区",
    "hospital": "优待医院",
    "service-station": "退役军人服务中心、服务站",
    "scenic": "景区",
    "memorial": "烈士陵园、纪念馆",
}
"""What people look for, as buttons say it."""
KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "merchant": ("merchant", "street"),
    "hospital": ("hospital-designated", "hospital-priority"),
    "service-station": ("service-station", "service-center"),
    "scenic": ("scenic",),
    "memorial": ("memorial",),
}
_ANYWHERE_M = 300_000
_ELSEWHERE = (
    "30 公里以内和本县（市、区）的名单里都没有，下面是南通其他地方最近的；也可以打 12345 问。"
)
_FARTHEST_M = 20_000
"""No place in Nantong lies farther from a town's centre; in the box, that is abroad or the sea."""
_ON_CHONGMING = ("海永镇", "启隆镇")
"""Small towns on an island that is otherwise Shanghai's: the river is between them and the rest."""
_ON_CHONGMING_M = 6_000
FindStatus = Literal["ok", "ambiguous", "outside", "none"]


@dataclass(frozen=True)
class Finding:
    """What was found around ``origin``.

    ``locations``: first those with a distance, nearest first, then those of the county without.
    ``radius_m`` is how far we had to look; None: all over Nantong, or nothing has a distance.
    ``hint`` tells people, in Chinese, what they should know about the result; it may be empty.
    """

    status: FindStatus
    origin: Named | None = None
    options: tuple[Named, ...] = ()
    locations: tuple[Found, ...] = ()
    radius_m: int | None = None
    hint: str = ""


def find(
    directory: Directory,
    gazetteer: Gazetteer,
    *,
    point: Degrees | None = None,
    place: str | None = None,
    kinds: Collection[str] = (),
    limit: int = 5,
    skip: int = 0,
    wanted: Wanted | None = None,
) -> Finding:
    """Places near a WGS-84 ``point`` or a typed ``place``; ``kinds`` empty means all.

    ``limit`` counts the first ``skip`` too, which were shown before. ``wanted`` narrows by county,
    who qualifies and open now; its kinds are ``kinds``.
    A county alone is ``ambiguous`` (its centre is near to nobody): its towns are the options, and
    its places are listed without distances. It is ``ok`` for kinds of which no point is known.
    """
    search = _Search(directory, gazetteer, tuple(kinds), limit, skip, wanted)
    if point is not None:
        return _at_point(search, point)
    meant = gazetteer.resolve(place or "")
    if meant.status == "ok" and meant.origin and meant.origin.point:
        return _around(search, meant.origin, meant.origin.point)
    if meant.status == "county" and meant.origin:
        return _of_county(directory, meant.origin, meant.options, kinds, limit)
    return _unclear(meant)


@dataclass(frozen=True)
class _Search:
    """What is looked for, and in what."""

    directory: Directory
    gazetteer: Gazetteer
    kinds: tuple[str, ...]
    limit: int
    skip: int
    wanted: Wanted | None

    def near(self, point: Degrees, radii: tuple[int, ...] = RADII_M) -> Nearby:
        """The nearest around a point."""
        wanted = replace(self.wanted or Wanted(), kinds=frozenset(self.kinds))
        return nearby(
            self.directory, point, limit=self.limit, skip=self.skip, radii=radii, wanted=wanted
        )

    def listed(self, counties: Collection[str]) -> list[Found]:
        """Places of the counties of which no point is known, if nothing more is asked of them."""
        if self.wanted is not None and self.wanted != Wanted():
            return []
        return _unplaced(self.directory, counties, self.kinds)


def _at_point(search: _Search, point: Degrees) -> Finding:
    gazetteer = search.gazetteer
    if looks_swapped(*point):
        hint = "经纬度好像写反了：南通的纬度是 31.5–32.9，经度是 119.9–122.1。请对调后再试。"
        return Finding("outside", hint=hint)
    town = gazetteer.nearest_town(point) if inside_nantong(*point) else None
    if town is None or not _belongs(town, point):
        return Finding("outside", hint="这个位置看起来不在南通，这里只查得到南通的。")
    name = f"您的位置（{town.label}附近）"
    origin = replace(town, name=name, kind="point", point=point, vagueness_m=0, shown="")
    return _around(search, origin, point)


def _belongs(town: Named, point: Degrees) -> bool:
    """Whether a point can lie in Nantong if this is the nearest of its towns."""
    farthest = _ON_CHONGMING_M if town.name in _ON_CHONGMING else _FARTHEST_M
    return town.point is not None and distance_m(point, town.point) <= farthest


def _around(search: _Search, origin: Named, point: Degrees) -> Finding:
    near = search.near(point)
    listed = _listed(search, origin)
    hint = _widened(near)
    if not near.found and not listed:
        near = search.near(point, (_ANYWHERE_M,))
        listed = search.listed(search.directory.counties)
        hint = _ELSEWHERE if near.found or listed else ""
    found = (*_over_river(search, origin, near), *listed)[search.skip : search.limit]
    return Finding(
        "ok" if found else "none",
        origin,
        locations=found,
        radius_m=near.radius_m if near.found and near.radius_m <= RADII_M[-1] else None,
        hint=_note(origin) + hint + _river(origin, found) + _stations(search.kinds),
    )


def _listed(search: _Search, origin: Named) -> list[Found]:
    """Places of the county of which no point is known: its own before the city's."""
    found = search.listed((origin.county, origin.zone or origin.county))
    return sorted(found, key=lambda one: (not one.location.county, one.location.id))


def _over_river(search: _Search, origin: Named, near: Nearby) -> list[Found]:
    """The places found, each with whether it lies on the other side of the Yangtze."""
    here = origin.town in _ON_CHONGMING
    return [
        one._replace(over_river=_on_chongming(search.gazetteer, one.location) is not here)
        for one in near.found
    ]


def on_chongming(town: str) -> bool:
    """Whether a town lies on the island of Chongming, beyond the Yangtze."""
    return town in _ON_CHONGMING


def _on_chongming(gazetteer: Gazetteer, place: Location) -> bool:
    """Whether a place lies on the island, by its town, or else by its position."""
    if place.town or place.point is None:
        return place.town in _ON_CHONGMING
    town = gazetteer.nearest_town(place.point)
    return town is not None and town.name in _ON_CHONGMING


def _unplaced(
    directory: Directory, counties: Collection[str], kinds: Collection[str]
) -> list[Found]:
    places = directory.of(counties, kinds)
    return [Found(one, None) for one in places if one.point_status == "none"]


def _of_county(
    directory: Directory,
    origin: Named,
    options: tuple[Named, ...],
    kinds: Collection[str],
    limit: int,
) -> Finding:
    places = directory.of((origin.county,), kinds)
    places.sort(key=lambda one: (one.sample, not one.county, one.id))
    listed = tuple(Found(one, None) for one in places[:limit])
    if directory.has_points(kinds):
        hint = f"请再说{origin.county}的哪个镇、街道，才好算远近。"
        return Finding("ambiguous", origin, options, listed, hint=_note(origin) + hint)
    status: FindStatus = "ok" if listed else "none"
    return Finding(status, origin, locations=listed, hint=_note(origin) + _stations(kinds))


def _unclear(meant: Resolution) -> Finding:
    if meant.status == "ambiguous":
        return Finding("ambiguous", options=meant.options, hint="这个地名不止一处，请选一个。")
    if meant.status == "outside" and meant.origin:
        hint = f"{meant.origin.name}不在南通，这里只查得到南通的。"
        return Finding("outside", meant.origin, hint=hint)
    what = "南通很大" if meant.origin else "没有找到这个地名"
    return Finding("none", meant.origin, hint=f"{what}，请说镇或街道的名字，如“海门三星镇”。")


def _note(origin: Named) -> str:
    return f"{origin.note}。" if origin.note else ""


def _river(origin: Named, found: Collection[Found]) -> str:
    """Straight lines over the Yangtze are no ways."""
    if not any(one.over_river for one in found):
        return ""
    where = origin.town if origin.town in _ON_CHONGMING else "海永镇、启隆镇"
    return f"{where}在崇明岛上，标“隔江”的要过江，实际路程比直线距离远得多。"


def _widened(near: Nearby) -> str:
    if not near.found or near.radius_m == RADII_M[0]:
        return ""
    first = near.found[0].distance_m or 0
    few = "没有" if first > RADII_M[0] else "不多"
    return f"{RADII_M[0] // 1000} 公里以内{few}，已放宽到 {near.radius_m // 1000} 公里以内。"


def _stations(kinds: Collection[str]) -> str:
    """What is true of every town although no address of a station is known (保障法第六十五条)."""
    if "service-station" not in kinds:
        return ""
    return "各乡镇、街道和村、社区都设退役军人服务站点，地址名单还没有导入；可以打 12345 问本镇的。"
