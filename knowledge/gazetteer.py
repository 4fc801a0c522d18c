"""What a typed place name means: one place, a county only, several places, somewhere else, nothing.

Longest name first; a county written beside a name decides between places of the same name. We
never guess between two counties: the person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from knowledge import placefiles
from knowledge.coordinates import Degrees, distance_m
from knowledge.pinyin import cut
from knowledge.placenames import COUNTIES, RANK, Mention, Named, Names, joined, marked, only, plain
from knowledge.placesounds import Sounds

__all__ = ["Gazetteer", "Named", "Resolution"]
Status = Literal["ok", "county", "ambiguous", "outside", "none"]
_OFFERED = 4


@dataclass(frozen=True)
class Resolution:
    """What a typed name means.

    ``ok``: ``origin`` has a point. ``county``: ``origin`` is a county, or a place in it whose
    point we do not know; ``options`` are the county's towns. ``ambiguous``: one of at most four
    ``options``. ``outside``: ``origin`` names the place outside Nantong. ``none``: nothing known,
    or (``origin``) only the city.
    """

    status: Status
    origin: Named | None = None
    options: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Gazetteer:
    """All the names we know. ``areas`` are the counties, zones and towns of today."""

    areas: tuple[Named, ...]
    names: Names
    sounds: Sounds

    @classmethod
    def load(cls, root: Path = placefiles.ROOT) -> Gazetteer:
        """Read the shipped names. Raises KnowledgeError with every problem of every file."""
        areas, names = placefiles.read_names(root)
        plain(""), cut("a")  # what they need is read now, not with the first question
        return cls(areas, names, Sounds.of(names))

    def counties(self) -> tuple[str, ...]:
        """The seven county-level units, then the zones that run themselves."""
        found = [area.name for area in self.areas if area.kind == "county"]
        zones = (area.zone for area in self.areas if area.kind == "zone" and area.zone)
        return (*found, *dict.fromkeys(zones))

    def towns(self, county: str) -> tuple[str, ...]:
        """The towns and streets of a county or zone, as they are called today."""
        return tuple(town.name for town in self._towns(county))

    def town(self, name: str, county: str) -> Named | None:
        """The town of that name in that county."""
        return next((town for town in self._towns(county) if town.name == name), None)

    def nearest_town(self, point: Degrees) -> Named | None:
        """The town whose centre is nearest to a WGS-84 point."""
        placed = [(distance_m(point, a.point), a) for a in self._towns() if a.point]
        return min(placed, key=lambda one: (one[0], one[1].label), default=(0.0, None))[1]

    def resolve(self, text: str) -> Resolution:
        """What ``text`` means; takes far less than a millisecond."""
        said = plain(text)
        found = self._read(said)
        if found.status not in ("none", "county"):
            return found
        heard = [self._read(one) for one in self.sounds.respelled(said, self.names)]
        return _of_heard(found, heard)

    def _read(self, said: str) -> Resolution:
        """What a text means as it is written."""
        units = list(_units(self.names.mentions(said), said))
        inside = [unit for unit in units if not unit.of("outside", "city")]
        if inside:
            return self._inside(inside, said)
        rest = sorted(units, key=lambda unit: unit.of("city"))
        if not rest:
            return Resolution("none")
        status: Status = "outside" if rest[0].of("outside") else "none"
        return Resolution(status, rest[0].meanings[0].place)

    def only_a_place(self, text: str) -> bool:
        """Whether ``text`` names places and says nothing else, as 我在海门三星镇 does."""
        said = plain(text)
        return only(said, self.names.mentions(said))

    def _inside(self, units: list[Mention], said: str) -> Resolution:
        units = _narrowed(units)
        here = [unit for unit in units if marked(unit, said)]
        if len(here) == 1:
            units = here
        meant = {place.label: place for unit in units for place in _best(unit)}
        if len(meant) == 1:
            return self._one(*meant.values())
        return Resolution("ambiguous", options=tuple(meant.values())[:_OFFERED])

    def _one(self, place: Named) -> Resolution:
        if place.kind not in COUNTIES and place.point:
            return Resolution("ok", place)
        options = tuple(town for town in self._towns(place.county) if town.point)
        if place.kind in COUNTIES:
            place = replace(place, point=None)
        return Resolution("county", place, options)

    def _towns(self, county: str = "") -> Iterator[Named]:
        for area in self.areas:
            if area.kind == "town" and county in ("", area.county, area.zone):
                yield area


def _of_heard(found: Resolution, heard: list[Resolution]) -> Resolution:
    """What was meant by ear, if that says more than what was written; never one of several."""
    county = found.origin.county if found.status == "county" and found.origin else ""
    meant: dict[str, Resolution] = {}
    for one in heard:
        if one.origin and one.status in ("ok", "county") and county in ("", one.origin.county):
            meant[one.origin.label] = one
    places = [one for one in meant.values() if one.status == "ok"] or list(meant.values())
    if not places or (county and places[0].status != "ok"):
        return next((one for one in heard if one.status == "ambiguous" and not county), found)
    if len(places) == 1:
        return places[0]
    options = tuple(one.origin for one in places if one.origin)
    return Resolution("ambiguous", options=options[:_OFFERED])


def _units(mentions: Iterable[Mention], said: str) -> Iterator[Mention]:
    """Put together names that belong together: county and town, town and village, 上海 and 崇明."""
    unit: Mention | None = None
    for mention in mentions:
        merged = unit and joined(unit, mention, said) and _merge(unit, mention, said)
        if unit and not merged:
            yield unit
        unit = merged or mention
    if unit:
        yield unit


def _merge(unit: Mention, after: Mention, said: str) -> Mention | None:
    """The more exact of two neighbouring names, or None if they are two places."""
    if unit.of("outside"):
        direct = said[unit.end : after.start] in ("", "市", "省", "区", "县")
        return replace(unit, end=after.end) if direct else None
    if unit.of("city"):
        return replace(after, start=unit.start)
    if after.of("outside", "city"):
        return None
    exact = _up(unit, after) if after.of(*COUNTIES) else _down(unit, after)
    return replace(exact, start=unit.start, end=after.end) if exact else None


def _up(unit: Mention, county: Mention) -> Mention | None:
    """三星镇（海门）: the county behind the name decides."""
    return unit.within(county.meanings[0].place.county)


def _down(unit: Mention, after: Mention) -> Mention | None:
    """海门三星镇: what ``after`` means in the county, zone or town before it.

    A village, landmark or short name that we do not know there leaves that county or town.
    """
    for place in (meaning.place for meaning in unit.meanings):
        if found := _below(after, place):
            return found
    towns = any(m.place.kind in ("town", "former-town") for m in after.meanings)
    if towns and unit.of("zone"):
        return after
    named = any(m.official and m.place.kind not in ("village", "zone") for m in after.meanings)
    return None if named or towns else unit


def _below(after: Mention, place: Named) -> Mention | None:
    """What ``after`` means inside a county, zone or town."""
    if place.kind in (*COUNTIES, "zone"):
        return after.within(place.county)
    if place.kind not in ("town", "former-town"):
        return None
    kinds = ("village", "landmark", "former-town")
    kept = tuple(m for m in after.meanings if m.place.kind in kinds)
    return replace(after, meanings=kept).within(place.county, place.town) if kept else None


def _narrowed(units: list[Mention]) -> list[Mention]:
    """Counties named elsewhere in the text decide, and are then no places of their own."""
    counties = {m.place.county for unit in units if unit.of(*COUNTIES) for m in unit.meanings}
    places = [unit for unit in units if not unit.of(*COUNTIES)]
    if not counties or not places:
        return units
    fitting = [kept for one in places for county in counties if (kept := one.within(county))]
    if len(fitting) < len(places):
        return units
    covered = {m.place.county for unit in fitting for m in unit.meanings}
    left = [u for u in units if u.of(*COUNTIES) and u.meanings[0].place.county not in covered]
    return [*left, *fitting]


def _best(unit: Mention) -> tuple[Named, ...]:
    """What the name means first: by kind, then official before short and old names."""
    order = {m.place: (RANK[m.place.kind], not m.official) for m in unit.meanings}
    first = min(order.values())
    return _same_town({place: key for place, key in order.items() if key == first})


def _same_town(places: Mapping[Named, object]) -> tuple[Named, ...]:
    """The places, or the first alone if all lie in one town and any would do."""
    towns = {(place.county, place.town) for place in places}
    kinds = {place.kind for place in places}
    if len(towns) == 1 and ("", "") not in towns and kinds <= {"landmark", "county"}:
        return tuple(places)[:1]
    return tuple(places)
