"""Which row is which place: the same as one we know, a new one, or one that is there twice.

A row with a number (编号) is that place. Otherwise kind, county, name and branch decide, and where
several share them, town and address. New places get a number that follows from these, so that the
same file imported again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz, process

from bot.places.faults import Fault
from bot.places.rows import Row
from knowledge.coordinates import Degrees, distance_m
from knowledge.locations import Location

NEAR_M = 100
"""Two places of nearly the same name this near to each other are taken for one."""
ALIKE = 90.0
"""RapidFuzz ratio of two names without city, county, town and company suffix."""
_CELL = 0.0012
"""Degrees; about 100 metres, so that neighbours lie in the same or the next cell."""
_CITY = re.compile(
    r"江苏省|南通市|南通|崇川区|通州区|海门区|海门市|如东县|启东市|如皋市|海安市|海安县"
)
_TOWN = re.compile(r"(?:街道|镇|乡)$")
_COMPANY = re.compile(r"(?:有限责任公司|有限公司|公司|总店|旗舰店|店铺|商店|店)$")
_TELLING = re.compile(r"\d+|[一二三四五六七八九十东西南北中]")
Pair = tuple[Row, Location]


def plain(name: str) -> str:
    """A name without blanks, brackets and width differences."""
    return re.sub(r"[^\w]", "", unicodedata.normalize("NFKC", name)).lower()


def bare(place: Location) -> str:
    """A place's name without city, county, town and company suffix: what is its own."""
    said = plain(place.name).removeprefix("示例")
    own = _CITY.sub("", said)
    for town in (place.town, _TOWN.sub("", place.town)):
        own = own.removeprefix(town)
    return _COMPANY.sub("", own) or said


def identified(pairs: Sequence[Pair], known: Mapping[str, Location]) -> Iterator[Pair]:
    """The rows with their numbers; a row whose number is taken is noted and left out."""
    by_name: dict[tuple[str, ...], list[Location]] = defaultdict(list)
    for place in known.values():
        by_name[_named(place)].append(place)
    rows: dict[tuple[str, ...], int] = defaultdict(int)
    for _, place in pairs:
        rows[_named(place)] += 1
    seen: dict[str, Row] = {}
    for row, place in pairs:
        number = place.id or _number(place, by_name[_named(place)], rows[_named(place)])
        first = seen.setdefault(number, row)
        if first is not row:
            _twice(row, first, exact=True)
            continue
        if place.id and place.id not in known:
            row.wrong("id", "工作台里没有这个编号", "新地点请把编号空着", warning=False)
            continue
        yield row, replace(place, id=number)


def _number(place: Location, candidates: Sequence[Location], rows: int) -> str:
    """The known place this one must be, or a new number."""
    if len(candidates) == 1 and rows == 1:
        return candidates[0].id
    same = [one for one in candidates if _placed(one) == _placed(place)]
    if len(same) == 1:
        return same[0].id
    key = "\n".join((*_named(place), *_placed(place)))
    return f"{place.kind}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def _named(place: Location) -> tuple[str, ...]:
    return place.kind, place.county, plain(place.name), plain(place.campus)


def _placed(place: Location) -> tuple[str, str]:
    return place.town, plain(place.address)


def without_doubles(pairs: Iterable[Pair], known: Mapping[str, Location]) -> Iterator[Pair]:
    """The rows that are no second entry of a place; those that look like one are noted.

    Two entries of a kind are taken for one when their names are alike and they lie within
    ``NEAR_M``, or, without points, at the same address. Another branch (院区或分店) tells apart.
    """
    listed = list(pairs)
    inside = {place.id for _, place in listed}
    buckets: dict[tuple[object, ...], list[tuple[str, Location, Row | None]]] = defaultdict(list)
    for place in known.values():
        if place.id not in inside and not place.sample and place.status == "active":
            for key in _buckets(place):
                buckets[key].append((bare(place), place, None))
    for row, place in listed:
        around = [one for key in _around(place) for one in buckets.get(key, ())]
        other = _alike(place, around)
        if other is not None:
            _twice(row, other[2], exact=False, place=other[1])
            continue
        for key in _buckets(place):
            buckets[key].append((bare(place), place, row))
        yield row, place


def _buckets(place: Location) -> list[tuple[object, ...]]:
    if place.point:
        return [(place.kind, round(place.point[0] / _CELL), round(place.point[1] / _CELL))]
    return [(place.kind, place.county, place.town, plain(place.address))] if place.address else []


def _around(place: Location) -> Iterator[tuple[object, ...]]:
    if not place.point:
        yield from _buckets(place)
        return
    south, west = (round(degrees / _CELL) for degrees in place.point)
    for north in (-1, 0, 1):
        for east in (-1, 0, 1):
            yield place.kind, south + north, west + east


def _alike(
    place: Location, around: Sequence[tuple[str, Location, Row | None]]
) -> tuple[str, Location, Row | None] | None:
    name = bare(place)
    names = [one[0] for one in around]
    for found, _, at in process.extract(
        name, names, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None
    ):
        other = around[at]
        if _telling(name, found) or plain(place.campus) != plain(other[1].campus):
            continue
        if _near(place.point, other[1].point):
            return other
    return None


def _telling(one: str, other: str) -> bool:
    """Whether numbers or directions in two names differ: 第一药店 is not 第二药店."""
    return _TELLING.findall(one) != _TELLING.findall(other)


def _near(one: Degrees | None, other: Degrees | None) -> bool:
    return one is None or other is None or distance_m(one, other) <= NEAR_M


def _twice(row: Row, first: Row | None, *, exact: bool, place: Location | None = None) -> None:
    where = f"《{first.mapped.sheet}》第 {first.number} 行" if first else ""
    if not where and place:
        where = f"库里的“{place.name}”（编号 {place.id}）"
    what = f"和{where}重复" if exact else f"看起来和{where}是同一个地方"
    remedy = "请只留一行"
    if first is None and place:
        remedy = f"是同一个地方就在“编号”列写 {place.id}"
    row.wrong("name", what, f"{remedy}；确实是两处的，请在“院区或分店”列写明区别")


def faults_of(rows: Iterable[Row]) -> list[Fault]:
    """What was noted about the rows, in their order."""
    return [fault for row in rows for fault in row.faults]
