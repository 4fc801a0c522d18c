"""What a file would change in the directory, counted and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.places import records
from bot.places.reading import Reading
from knowledge.locations import KINDS, Location

SHOWN = 200
"""New, changed and gone places that a preview lists."""
_NAMES = {
    "name": "名称", "kind": "类别", "county": "县市区", "town": "乡镇街道", "address": "地址",
    "phone": "电话", "given_point": "纬度、经度", "crs": "坐标系", "offer": "优待内容",
    "eligibility": "优待对象", "card": "出示证件", "hours": "营业时间", "status": "状态",
    "valid_from": "优待开始", "valid_to": "优待截止", "verified_on": "核实日期",
    "verified_by": "核实人", "source": "来源", "note": "备注", "campus": "院区或分店",
    "organization": "主办单位", "accessibility": "无障碍", "alternate_name": "别名",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """What a file would change. ``gone`` are in the directory and not in the file."""

    new: tuple[Location, ...]
    changed: tuple[tuple[Location, Location], ...]
    """Before and after."""
    gone: tuple[Location, ...]
    unchanged: int

    def counts(self, reading: Reading) -> dict[str, int]:
        """The figures of the preview."""
        return {
            "rows": reading.rows,
            "new": len(self.new),
            "changed": len(self.changed),
            "gone": len(self.gone),
            "unchanged": self.unchanged,
            "faulty": reading.faulty,
            "comparable": reading.comparable,
        }


def difference(reading: Reading, known: Mapping[str, Location]) -> Difference:
    """The file against the directory. Only kinds and counties that the file speaks of can be
    gone, and no place that a faulty row may have been about."""
    new, changed, unchanged = [], [], 0
    for place in reading.places:
        before = known.get(place.id)
        if before is None:
            new.append(place)
        elif records.same(before, place):
            unchanged += 1
        else:
            changed.append((before, place))
    inside = {place.id for place in reading.places} | reading.doubtful
    gone = [
        place
        for id, place in sorted(known.items())
        if id not in inside and (place.kind, place.county) in reading.scope and not place.sample
    ]
    return Difference(tuple(new), tuple(changed), tuple(gone), unchanged)


def summary(found: Difference) -> dict[str, Any]:
    """The first of each, as the pages show them."""
    return {
        "new": [_told(place) for place in found.new[:SHOWN]],
        "changed": [
            {**_told(new), "fields": _fields(old, new)} for old, new in found.changed[:SHOWN]
        ],
        "gone": [_told(place) for place in found.gone[:SHOWN]],
    }


def _told(place: Location) -> dict[str, Any]:
    where = f"{place.county or '南通市'}{place.town} {place.address}"
    said = {"id": place.id, "name": place.name, "kind": KINDS[place.kind], "fields": []}
    return {**said, "where": where.strip()}


def _fields(old: Location, new: Location) -> list[list[str]]:
    """Heading, before and after of everything that changes."""
    was, now = records.record(old), records.record(new)
    return [
        [label, _text(was.get(key)), _text(now.get(key))]
        for key, label in _NAMES.items()
        if was.get(key) != now.get(key)
    ]


def _text(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value or "（空）")
