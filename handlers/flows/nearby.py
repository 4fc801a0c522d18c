"""Places nearby: what kind, where are you, here they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.dialogue import Invalid, Record, Steps, ask
from handlers.messages import Choice, Link, Reply, Update
from handlers.questions import Choose
from knowledge import places
from knowledge.base import Knowledge
from knowledge.coordinates import amap_link, amap_search_link, inside_nantong, to_wgs84
from knowledge.gazetteer import Named, Resolution

_ASK = "您现在在哪里？可以发送位置，也可以打镇、街道的名字，比如“海门三星镇”。"
_MENU = Choice("/menu", "回到菜单")
_YOU = "您"
"""The name of a place that was shared as a position."""
_OUTSIDE = "这个地方好像不在南通，我只查得到南通的。请发南通的镇、街道名字。"
_NONE = "没有找到这个地名。请发镇或街道的名字，比如“海门三星镇”，或者发送位置。"
_SWAPPED = "收到的经度、纬度好像写反了。请重新发送位置，或打镇、街道的名字。"


@dataclass(frozen=True)
class Where:
    """Where the person is: a shared location, or a place name we know.

    The answer is a dict with ``name``, ``county``, ``latitude`` and ``longitude`` (WGS-84
    degrees); or with ``options``, the names it may mean.
    """

    key: str
    text: str
    knowledge: Knowledge

    def prompt(self) -> Reply:
        return Reply(self.text, share="location")

    def parse(self, update: Update) -> dict[str, Any]:
        if update.point:
            return _shared(update)
        return _named(self.knowledge.gazetteer.resolve(update.text))


def nearby(group: str, knowledge: Knowledge) -> Steps:
    """Ask what kind (unless ``group`` says so) and where, then list what is there."""
    if group not in places.GROUPS:
        kinds = tuple(Choice(key, label) for key, label in places.GROUPS.items())
        group = yield from ask(Choose("kind", "您想找什么？", kinds))
    where = yield from ask(Where("where", _ASK, knowledge))
    turn = 0
    while "options" in where:
        turn += 1
        names = tuple(Choice(name, name) for name in where["options"])
        name = yield from ask(Choose(f"which{turn}", "您说的是哪一个？", names))
        where = _named(knowledge.gazetteer.resolve(name))
    yield listing(group, where, knowledge)


def origin(update: Update) -> Record:
    """The record of a flow whose person shared a location before being asked."""
    try:
        return {"where": _shared(update)}
    except Invalid:
        return {}


def listing(group: str, where: dict[str, Any], knowledge: Knowledge) -> Reply:
    """The nearest places of ``group`` with distance, address, offer and map links."""
    label = places.GROUPS[group]
    shared = where["name"] == _YOU
    found = places.find(
        knowledge.directory,
        knowledge.gazetteer,
        point=(where["latitude"], where["longitude"]) if shared else None,
        place=None if shared else where["name"],
        kinds=places.KINDS_OF[group],
    )
    again = (Choice(f"/nearby {group}", "换个地方找"), Choice("/nearby", "找别的"), _MENU)
    if not found.locations:
        return Reply(
            f"{where['name']}附近没有查到{label}。名单要由退役军人事务局提供，还不全；"
            f"可以问当地退役军人服务站，或打 12345。{found.hint}",
            choices=again,
        )
    lines = [f"离{where['name']}近的{label}："]
    for number, one in enumerate(found.locations, start=1):
        lines += _lines(number, one)
    lines += filter(None, [found.hint])
    lines += _cautions(found)
    return Reply("\n".join(lines), choices=again, links=_links(found))


def distance(one: places.Found) -> str:
    """How far, as people say it: 约 500 米, 3.2 公里, or that we cannot tell."""
    if one.distance_m is None:
        return "位置待核"
    about = "约 " if one.approximate else ""
    if one.location.point_status == "town" and one.distance_m < 1000:
        return "同一镇上"
    if one.distance_m < 950:
        return f"{about}{round(one.distance_m, -1):.0f} 米"
    return f"{about}{one.distance_m / 1000:.1f} 公里"


def _lines(number: int, one: places.Found) -> list[str]:
    location = one.location
    mark = "【示例】" if location.sample else ""
    lines = [f"{number}. {mark}{location.name}（{distance(one)}）"]
    address = location.address or f"{location.county}{location.town}（详细地址待核）"
    details = (address, location.offer, location.hours, location.phone)
    return lines + [f"   {detail}" for detail in details if detail]


def _cautions(found: places.Finding) -> list[str]:
    lines = []
    if any(one.location.sample for one in found.locations):
        lines.append("标“示例”的不是真实地点，正式名单导入后会替换。")
    if any(one.approximate for one in found.locations):
        lines.append("“约”是按镇中心或未核实的位置估算的直线距离；“位置待核”的请先打听地址。")
    checked = max(one.location.verified_on for one in found.locations)
    lines.append(f"名单整理于 {checked}。去之前请先问清是否营业、有没有优待。")
    return lines


def _links(found: places.Finding) -> tuple[Link, ...]:
    """The map for every real place: its point, or a search for its name."""
    return tuple(
        Link(_map(one.location), f"{number} 看地图")
        for number, one in enumerate(found.locations, start=1)
        if one.location.point or not one.location.sample
    )


def _map(location: places.Location) -> str:
    if location.point:
        return amap_link(location.name, *location.point)
    return amap_search_link(location.name)


def _shared(update: Update) -> dict[str, Any]:
    assert update.point is not None  # noqa: S101
    given = update.point
    at = to_wgs84(given.latitude, given.longitude, given.crs)
    if inside_nantong(*at):
        return {"name": _YOU, "latitude": at[0], "longitude": at[1]}
    raise Invalid(_SWAPPED if inside_nantong(at[1], at[0]) else _OUTSIDE)


def _named(meant: Resolution) -> dict[str, Any]:
    if meant.status == "ok" and meant.origin and meant.origin.point:
        return _place(meant.origin)
    if meant.options:
        return {"options": [option.label for option in meant.options]}
    raise Invalid(_OUTSIDE if meant.status == "outside" else _NONE)


def _place(place: Named) -> dict[str, Any]:
    latitude, longitude = place.point or (0.0, 0.0)
    return {"name": place.label, "latitude": latitude, "longitude": longitude}
