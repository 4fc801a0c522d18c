"""Reads the files of place names: today's and former areas, villages, landmarks, other words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from knowledge import locations
from knowledge.coordinates import Degrees, inside_nantong
from knowledge.placenames import COUNTIES, Meaning, Named, Names, forms, plain
from knowledge.table import Row, Table, refuse

ROOT = Path(__file__).parent / "places"
_AREA = (
    *("id", "name", "kind", "county", "town", "zone", "aliases", "latitude", "longitude"),
    *("vagueness_m", "confidence", "source", "note"),
)
_AREA_KINDS = ("city", "county", "town", "zone", "former-county", "former-town")
_VILLAGE = ("name", "town", "county", "latitude", "longitude")
_WORD = ("name", "role", "note")
_ROLES = ("outside", "stop", "weak")
_VAGUE_M = {"town": 3000, "village": 1000}
Pair: TypeAlias = tuple[str, Meaning | None]


def read_names(root: Path) -> tuple[tuple[Named, ...], Names]:
    """The areas of today (counties, towns, zones) and all names.

    Raises KnowledgeError with every problem of every file.
    """
    areas, villages = Table(root / "towns.csv", _AREA), Table(root / "villages.csv", _VILLAGE)
    words, places = Table(root / "names.csv", _WORD), locations.table(root / "places.csv")
    rows = [(row, area) for row in areas.rows() if (area := _area(row))]
    today = _placed([area for _, area in rows])
    pairs = [pair for (row, _), area in zip(rows, today, strict=True) for pair in _names(row, area)]
    pairs += [pair for row in villages.rows() for pair in _village(row, _by_town(today))]
    current = tuple(area for area in today if not area.kind.startswith("former"))
    for place in locations.read([places], current):
        pairs += _landmark(place, _by_town(today))
    pairs = _with_words(pairs, words)
    refuse(areas, villages, words, places)
    return current, Names.of(pairs)


def read_villages(towns: Sequence[Named], root: Path = ROOT) -> list[Named]:
    """The villages with a point of their own. Raises KnowledgeError."""
    table, known = Table(root / "villages.csv", _VILLAGE), _by_town(towns)
    pairs = [pair for row in table.rows() if row["latitude"] for pair in _village(row, known)]
    refuse(table)
    found = [meaning.place for _, meaning in pairs if meaning and meaning.official]
    return list(dict.fromkeys(found))


def _area(row: Row) -> Named | None:
    if row["kind"] not in _AREA_KINDS:
        row.wrong("kind", f"没有这一类，可用 {'、'.join(_AREA_KINDS)}")
        return None
    if not row["name"]:
        row.wrong("name", "要写名称")
    if not row["county"] and row["kind"] != "city":
        row.wrong("county", "要写所在县市区")
    kind, county, name = row["kind"], row["county"], row["name"]
    return Named(
        name=county if kind == "former-county" else name,
        kind=kind,
        county=county,
        town=row["town"],
        point=_point(row),
        vagueness_m=int(row.number("vagueness_m") or _VAGUE_M["town"]),
        zone=row["zone"],
        note=row["note"] if kind.startswith("former") else "",
        shown={
            "town": f"{county}{name}",
            "former-town": f"{county}原{name}",
            "zone": name if row["zone"] != "苏锡通园区" and name else f"{county}{name}",
        }.get(kind, ""),
    )


def _point(row: Row) -> Degrees | None:
    latitude, longitude = row.number("latitude"), row.number("longitude")
    if latitude is None or longitude is None:
        if row["latitude"] or row["longitude"]:
            row.wrong("latitude", "纬度、经度要么都写，要么都不写")
        return None
    if not inside_nantong(latitude, longitude):
        row.wrong("latitude", "不在南通；这里要写 WGS-84 的度数，纬度在前，也可能写反了")
    return latitude, longitude


def _placed(areas: list[Named]) -> list[Named]:
    """Areas without a point of their own get that of the town or zone they are in."""
    known = _by_town(areas)
    zones = {area.zone: area for area in areas if area.kind == "zone" and area.zone and area.point}
    placed = []
    for area in areas:
        around = known.get((area.county, area.town)) if area.kind != "town" else None
        around = around if around and around.point else zones.get(area.zone)
        if area.point is None and around and area.kind not in COUNTIES:
            vague = max(area.vagueness_m, around.vagueness_m)
            area = replace(area, point=around.point, vagueness_m=vague)
        placed.append(area)
    return placed


def _by_town(areas: Iterable[Named]) -> Mapping[tuple[str, str], Named]:
    return {(area.county, area.town): area for area in areas if area.kind == "town"}


def _names(row: Row, area: Named) -> Iterator[Pair]:
    """How people write an area: its name, its other forms, its old and short names."""
    yield row["name"], Meaning(area)
    seat = area.kind == "town" and row["name"].startswith(row["county"][:2])
    other = forms(row["name"]) if area.kind == "town" else ()
    for name in (*other, *row.listed("aliases")):
        if not (seat and name == row["county"][:-1]):  # 海门 is the county, not 海门街道
            yield plain(name), Meaning(area, official=False)


def _village(row: Row, towns: Mapping[tuple[str, str], Named]) -> Iterator[Pair]:
    town = towns.get((row["county"], row["town"]))
    if town is None:
        row.wrong("town", "towns.csv 里没有这个镇、街道")
        return
    name, own = row["name"], _point(row)
    village = Named(
        name=name,
        kind="village",
        county=town.county,
        town=town.name,
        point=own or town.point,
        vagueness_m=_VAGUE_M["village"] if own else town.vagueness_m,
        zone=town.zone,
        shown=f"{town.label}{name}",
    )
    yield name, Meaning(village)
    base = name.removesuffix("社区").removesuffix("村")
    if base.endswith(("路", "街", "镇", "新")):
        return
    for other in (f"{base}村", f"{base}社区"):
        if other != name:
            yield other, Meaning(village, official=False)
    if len(base) > 1 and base != name:
        yield base, Meaning(village, official=False, weak=True)


def _landmark(place: locations.Location, towns: Mapping[tuple[str, str], Named]) -> Iterator[Pair]:
    """A hospital, park or memorial is a place to start from, if only we know its town."""
    if place.status != "active" or place.kind not in locations.LANDMARKS:
        return
    town = towns.get((place.county, place.town))
    landmark = Named(
        name=place.name,
        kind="landmark",
        county=place.county,
        town=place.town,
        point=place.point or (town.point if town else None),
        vagueness_m=200 if place.point else 3000,
        zone=town.zone if town else "",
    )
    yield plain(place.name), Meaning(landmark)
    for name in place.alternate_name:
        yield plain(name), Meaning(landmark, official=False)


def _with_words(pairs: list[Pair], words: Table) -> list[Pair]:
    """Add places outside Nantong and phrases to skip; mark names that are ordinary words."""
    weak: set[str] = set()
    added: list[Pair] = []
    for row in words.rows():
        if row["role"] not in _ROLES:
            row.wrong("role", f"只能是 {'、'.join(_ROLES)}")
        elif row["role"] == "weak":
            weak.add(row["name"])
        else:
            outside = Meaning(Named(row["name"], "outside", ""))
            added.append((row["name"], outside if row["role"] == "outside" else None))
    everything = [*pairs, *added]
    return [(n, replace(m, weak=True) if m and n in weak else m) for n, m in everything]
