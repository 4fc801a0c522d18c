"""Finds positions whose coordinate system is not the one that was written.

Mixing up WGS-84 and GCJ-02 moves everything in Nantong by 456–498 m, BD-09 by more than a
kilometre – always by nearly the same vector. So rows of places whose position we know are held
against it: if the stated system puts the row far away and another system puts it where we know
it is, the system is wrong. Without known positions nothing can be said, and that is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.places.faults import Fault
from bot.places.identity import Pair
from bot.places.rows import ALL_CRS, crs_name
from knowledge.coordinates import Crs, distance_m, to_wgs84
from knowledge.locations import Location

MISPLACED_M = 300
"""A row this far from where we know the place …"""
FITTING_M = 60
"""… and this near to it in another system has the wrong system."""
_ALL = 3
"""As many wrong rows, and more than half of those that can be compared, condemn the file."""


def without_wrong_systems(pairs: Sequence[Pair], known: Mapping[str, Location]) -> Iterator[Pair]:
    """The rows whose coordinate system is not shown to be wrong; the others are noted."""
    for row, place in pairs:
        meant = fitting(place, known.get(place.id))
        if meant is None:
            yield row, place
            continue
        row.wrong(
            "crs" if "crs" in row.mapped.columns else "latitude",
            f"这一行的位置和已知的位置差了几百米，坐标像是{crs_name(meant)}的，"
            f"却写成了{crs_name(place.crs)}",
            "请改坐标系，或用正确的地图重新取点",
        )


def condemned(pairs: Sequence[Pair], known: Mapping[str, Location]) -> list[Fault]:
    """One fault for each sheet and stated system that is wrong as a whole."""
    compared: Counter[tuple[str, str]] = Counter()
    wrong: dict[tuple[str, str], Counter[Crs]] = defaultdict(Counter)
    for row, place in pairs:
        before = known.get(place.id)
        if before is None or not before.point or not place.point:
            continue
        key = (row.mapped.sheet, place.crs)
        compared[key] += 1
        if meant := fitting(place, before):
            wrong[key][meant] += 1
    return [
        _whole(sheet, crs, found, compared[sheet, crs])
        for (sheet, crs), found in wrong.items()
        if found.total() >= _ALL and found.total() * 2 > compared[sheet, crs]
    ]


def comparable(pairs: Sequence[Pair], known: Mapping[str, Location]) -> int:
    """How many rows have a position that can be held against a known one."""
    return sum(1 for _, one in pairs if one.point and (k := known.get(one.id)) and k.point)


def fitting(place: Location, before: Location | None) -> Crs | None:
    """The system in which a row's position is where we know the place; None: nothing wrong."""
    if before is None or not before.point or not place.point or not place.given_point:
        return None
    away = distance_m(before.point, place.point)
    if away < MISPLACED_M:
        return None
    others = [crs for crs in ALL_CRS if crs != place.crs]
    found = {c: distance_m(before.point, to_wgs84(*place.given_point, c)) for c in others}
    best = min(found, key=found.__getitem__)
    return best if found[best] <= FITTING_M else None


def _whole(sheet: str, crs: str, found: Counter[Crs], compared: int) -> Fault:
    meant, count = found.most_common(1)[0]
    what = (
        f"整张表的坐标都偏了：可对照的 {compared} 处里有 {count} 处，按{crs_name(crs)}算差几百米，"
        f"按{crs_name(meant)}算正好对上"
    )
    remedy = f"坐标系应是{crs_name(meant)}，请改“坐标系”列，或导入时选它"
    return Fault("refused", sheet, 0, "坐标系", "", what, remedy)
