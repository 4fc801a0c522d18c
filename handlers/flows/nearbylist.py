"""The answer to "what is near": up to five places, a sketch of where they are, what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers.messages import Choice, Reply, Sketch
from handlers.placewords import entry
from knowledge import places
from knowledge.base import Knowledge
from knowledge.coordinates import Degrees, gcj02_to_wgs84, wgs84_to_gcj02

PAGE = 5
"""Places shown at a time."""
_YOU = "您"
_MENU = Choice("/menu", "回到菜单")
_ALL = Choice("/again all", "都看看")
_AGAIN = (Choice("/again kind", "换一类"), Choice("/again place", "换地点"))


def listing(
    group: str,
    where: dict[str, Any],
    knowledge: Knowledge,
    *,
    now: datetime,
    skip: int = 0,
    open_only: bool = False,
) -> Reply:
    """The nearest places of ``group``, five after the first ``skip``; ``now`` in Nantong's time.
    ``open_only``: those that are open for sure."""
    wanted = places.Wanted(open_at=now) if open_only else None
    found = _find(group, where, knowledge, PAGE + skip + 1, skip, wanted)
    shown = found.locations[:PAGE]
    if not shown:
        return _nothing(group, where, found, skip, open_only=open_only)
    state = "、现在开着" if open_only else ""
    lines = [f"离{where['name']}近{state}的{places.GROUPS[group]}："]
    lines += [entry(number, one, now) for number, one in enumerate(shown, start=skip + 1)]
    lines += filter(None, [found.hint, _doubt(group, where, knowledge, found), *_cautions(shown)])
    looks = [
        Choice(f"/place {one.location.id}", f"看第 {number} 个")
        for number, one in enumerate(shown, start=skip + 1)
    ]
    more = [Choice("/again more", "更多")] if len(found.locations) > PAGE else []
    if open_only:
        more.append(_ALL)
    elif any(one.location.opening for one in shown):
        more.append(Choice("/again open", "只看开着的"))
    choices = (*looks, *more, *_AGAIN, _MENU)
    return Reply("\n".join(lines), choices=choices, sketch=_sketch(where, shown, skip))


def _find(
    group: str,
    where: dict[str, Any],
    knowledge: Knowledge,
    limit: int,
    skip: int,
    wanted: places.Wanted | None = None,
) -> places.Finding:
    shared = where["name"] == _YOU
    return places.find(
        knowledge.directory,
        knowledge.gazetteer,
        point=(where["latitude"], where["longitude"]) if shared else None,
        place=None if shared else where["name"],
        kinds=places.KINDS_OF[group],
        limit=limit,
        skip=skip,
        wanted=wanted,
    )


def _nothing(
    group: str, where: dict[str, Any], found: places.Finding, skip: int, *, open_only: bool
) -> Reply:
    """Nothing, or nothing more: whom to ask."""
    label = places.GROUPS[group]
    if open_only and not skip:
        text = f"没有查到现在确定开着的{label}。没有写时间的也许开着，可以先看看再打电话问。"
        return Reply(text, choices=(_ALL, *_AGAIN, _MENU))
    if skip:
        return Reply(f"{label}就这些了，没有更多。", choices=(*_AGAIN, _MENU))
    text = (
        f"{where['name']}附近没有查到{label}，南通别处的名单里也没有。\n"
        "名单由退役军人事务局提供，还不全；可以问当地退役军人服务站，或打 12345。"
    )
    return Reply(text + found.hint, choices=(*_AGAIN, Choice("/human", "找工作人员"), _MENU))


def _doubt(group: str, where: dict[str, Any], knowledge: Knowledge, found: places.Finding) -> str:
    """A pin may be half a kilometre off: ask when the other reading would give another answer."""
    if "crs" not in where:
        return ""
    at = (where["latitude"], where["longitude"])
    other = where | dict(zip(("latitude", "longitude"), _otherwise(at, where["crs"]), strict=True))
    elsewhere = _find(group, other, knowledge, 1, 0)
    if elsewhere.origin is None or _first(elsewhere) == _first(found):
        return ""
    town = knowledge.gazetteer.nearest_town(at)
    near = f"我按您在{town.label}一带找的，对吗？" if town else ""
    return near + "手机发来的位置有时偏半公里，先后可能不准；不对就点“换地点”，打镇名或小区、村名。"


def _otherwise(at: Degrees, crs: str) -> Degrees:
    """Where the person is if the position was in the other system than we took it for."""
    return gcj02_to_wgs84(*at) if crs == "wgs84" else wgs84_to_gcj02(*at)


def _first(found: places.Finding) -> str:
    return found.locations[0].location.id if found.locations else ""


def _cautions(shown: tuple[places.Found, ...]) -> list[str]:
    lines = []
    if any(one.location.sample for one in shown):
        lines.append("“示例”不是真实地点，正式名单导入后会替换。")
    if any(one.approximate and (one.distance_m or 0) >= 1000 for one in shown):
        lines.append("“约”是按镇中心估算的；距离是直线，路上时间按每小时 4 公里估。")
    elif any(one.distance_m is not None for one in shown):
        lines.append("距离是直线，走路时间是估计。")
    if any(one.distance_m is None for one in shown):
        lines.append("“位置待核”的请先打听地址。")
    return lines


def _sketch(where: dict[str, Any], shown: tuple[places.Found, ...], skip: int) -> Sketch | None:
    """The person, or the place they named, and those that have a position of their own."""
    placed = tuple(
        (str(number), *one.location.point)
        for number, one in enumerate(shown, start=skip + 1)
        if one.location.point and one.distance_m is not None
    )
    if not placed:
        return None
    names = "、".join(f"{n} {shown[int(n) - skip - 1].location.name}" for n, _, _ in placed)
    at = (where["latitude"], where["longitude"])
    return Sketch(at, where["name"], placed, f"示意图：{where['name']}和{names}的方位")
