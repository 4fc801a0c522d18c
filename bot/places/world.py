"""What a row is held against: counties and towns by any name, today's date, who is importing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from knowledge.coordinates import Crs, Degrees, distance_m
from knowledge.locations import Location
from knowledge.placenames import Named, forms

FARTHEST_M = 20_000
"""No place in Nantong lies farther from the centre of its town."""
_CITY = ("南通市", "全市", "市", "市级", "市本级", "南通")


@dataclass(frozen=True)
class World:
    """What is known when a file is read.

    ``county``: the only county the importer may change; empty: all. ``crs``: the coordinate
    system of rows that name none. ``known``: the places there are, by id.
    """

    counties: Mapping[str, str]
    towns: Mapping[str, Mapping[str, str]]
    centres: Mapping[tuple[str, str], Degrees]
    today: date
    crs: Crs | None = None
    county: str = ""
    known: Mapping[str, Location] = field(default_factory=dict)

    def county_of(self, said: str) -> str | None:
        """The county as it is called today; empty: the whole city; None: there is none."""
        return "" if said in _CITY else self.counties.get(said.removeprefix("南通市") or said)

    def town_of(self, county: str, said: str) -> str | None:
        """The town of ``county`` as it is called today; None: there is none, or several."""
        return self.towns.get(county, {}).get(said.removeprefix(county))

    def away_m(self, county: str, town: str, point: Degrees) -> float | None:
        """Metres to the centre of the town, or of the county's nearest town; None: unknown."""
        if town:
            centres = [self.centres[county, town]] if (county, town) in self.centres else []
        else:
            centres = [at for (one, _), at in self.centres.items() if county in ("", one)]
        return min((distance_m(point, at) for at in centres), default=None)


def world(
    areas: Collection[Named],
    *,
    today: date,
    crs: Crs | None = None,
    county: str = "",
    known: Mapping[str, Location] | None = None,
) -> World:
    """What the gazetteer's ``areas`` of today and the directory know."""
    towns = [area for area in areas if area.kind == "town"]
    names = {area.county for area in areas if area.county} | {
        area.zone for area in areas if area.zone
    }
    return World(
        counties={form: name for name in sorted(names) for form in _county_forms(name)},
        towns={name: _town_forms(t for t in towns if name in (t.county, t.zone)) for name in names},
        centres={(c, t.name): t.point for t in towns if t.point for c in (t.county, t.zone) if c},
        today=today,
        crs=crs,
        county=county,
        known=known or {},
    )


def _county_forms(name: str) -> set[str]:
    short = name[:-1] if name[-1] in "区县市" and len(name) == 3 else name
    return {name, short, f"{short}市", f"{short}区", f"{short}县"} if len(short) == 2 else {name}


def _town_forms(towns: Iterable[Named]) -> dict[str, str]:
    """Every way of writing a town; a form that two towns share means neither."""
    meant: dict[str, set[str]] = {}
    official = set()
    for town in towns:
        official.add(town.name)
        for form in (town.name, *forms(town.name)):
            meant.setdefault(form, set()).add(town.name)
    clear = {form: next(iter(names)) for form, names in meant.items() if len(names) == 1}
    return clear | {name: name for name in official}
