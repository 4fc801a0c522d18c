"""Places nearby: what kind, where are you, here they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.coordinates import amap_link

from handlers.dialogue import Invalid, Record, Steps, ask
from handlers.messages import Choice, Link, Reply, Update
from handlers.questions import Choose
from knowledge import places
from knowledge.base import Knowledge

_ASK = "您现在在哪里？可以发送位置，也可以打镇、街道的名字，比如“海门三星镇”。"
_WORDS = {
    "outside": "这个地方好像不在南通。我只查得到南通的，请发南通的镇、街道名字。",
    "none": "没有找到这个地名。请发镇或街道的名字，比如“海门三星镇”，或者发送位置。",
}


@dataclass(frozen=True)
class Where:
    """Where the person is: a shared location, or a place name we know.

    The answer is a dict with ``name``, ``latitude`` and ``longitude`` (WGS-84 degrees), or with
    ``options``: the names it may mean.
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
        choices = tuple(Choice(key, label) for key, label in places.GROUPS.items())
        group = yield from ask(Choose("kind", "您想找什么？", choices))
    where = yield from ask(Where("where", _ASK, knowledge))
    turn = 0
    while "options" in where:
        turn += 1
        choices = tuple(Choice(name, name) for name in where["options"])
        name = yield from ask(Choose(f"which{turn}", "您说的是哪一个？", choices))
        where = _named(knowledge.gazetteer.resolve(name))
    yield listing(group, where, knowledge)


def origin(update: Update) -> Record:
    """The record of a flow whose person shared a location before being asked."""
    try:
        return {"where": _shared(update)}
    except Invalid:
        return {}


def listing(group: str, where: dict[str, Any], knowledge: Knowledge) -> Reply:
    """The nearest places of ``group`` with distance, address and a map link."""
    label = places.GROUPS[group]
    found = places.find(
        knowledge.directory,
        knowledge.gazetteer,
        point=(where["latitude"], where["longitude"]),
        kinds=places.KINDS_OF[group],
        county=where.get("county"),
    )
    again = (Choice(f"/nearby {group}", "换个地方找"), Choice("/nearby", "找别的"), _MENU)
    if not found.locations:
        return Reply(
            f"{where['name']}附近没有查到{label}。名单由退役军人事务局提供，还不全；"
            "可以问当地退役军人服务站，或打 12345。",
            choices=again,
        )
    lines = [f"离{where['name']}近的{label}："]
    lines += [_line(number, place) for number, place in enumerate(found.locations, start=1)]
    if any(place.location.sample for place in found.locations):
        lines.append("标“示例”的不是真实地点，正式名单导入后会替换。")
    lines.append("去之前请先打听一下是否营业、有没有优待。")
    links = tuple(
        Link(amap_link(place.location), f"{number} 看地图")
        for number, place in enumerate(found.locations, start=1)
        if place.location.has_point
    )
    return Reply("\n".join(lines), choices=again, links=links)
