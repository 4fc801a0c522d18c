"""A place in words: its entry in a list, and everything we know about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import ceil

from handlers.messages import Link
from knowledge.coordinates import amap_link, amap_search_link, tencent_link
from knowledge.days import day_kind
from knowledge.directory import Found
from knowledge.locations import KINDS, Location
from knowledge.travel import minutes

VERIFIED_DAYS = 180
"""How long a verification is fresh."""
_WALKABLE_MIN = 90
_OFFER = 46
"""Characters of an offer in a list; the whole of it stands with the place itself."""
_WEEK = "一二三四五六日"


def entry(number: int, one: Found, now: datetime) -> str:
    """One entry of a list, in two lines: which place and how far; what one gets, is it open, is
    it true."""
    place = one.location
    mark = "【示例】" if place.sample and not place.name.startswith("示例") else ""
    told = [_short(offer(place, now)), opening(place, now), verified(place, now.date())]
    return f"{number}. {mark}{place.name}（{distance(one)}）\n   {'；'.join(filter(None, told))}"


def distance(one: Found) -> str:
    """How far, as people say it: 约 500 米，走路约 10 分钟, or that we cannot tell."""
    if one.distance_m is None:
        return "位置待核"
    if one.approximate and one.distance_m < 1000:
        return "同一镇上，门牌位置待核"
    about = "约 " if one.approximate else ""
    metres = one.distance_m
    far = f"{round(metres, -1):.0f} 米" if metres < 950 else f"{metres / 1000:.1f} 公里"
    if one.over_river:
        return f"隔江，直线 {far}"
    walk = minutes(metres, "walk")
    return about + far + (f"，走路约 {max(1, ceil(walk))} 分钟" if walk <= _WALKABLE_MIN else "")


def offer(place: Location, now: datetime) -> str:
    """What one gets and with which card; says so when the offer is over or unknown."""
    if place.valid_to and place.valid_to < now.date().isoformat():
        return f"优待已于{_day(place.valid_to)}到期，去前先问"
    if place.valid_from and place.valid_from > now.date().isoformat():
        return f"优待从{_day(place.valid_from)}开始"
    if not place.offer:
        return "" if place.kind.startswith("service-") else "优待内容待核"
    card = f"凭{place.card}：" if place.card and place.card not in place.offer else ""
    return card + place.offer


def opening(place: Location, now: datetime) -> str:
    """Whether it is open now, and until or from when."""
    if place.status == "temporarily-closed":
        return "暂停营业"
    if place.opening is None:
        return f"时间：{place.hours}" if place.hours else "开门时间待核"
    state = place.opening.at(now, day_kind)
    if state.is_open is None:
        return f"今天开不开没有写明，平时{place.hours}"
    if state.is_open:
        return f"现在开着，到 {_when(state.until, now)}".rstrip() if state.until else "全天开着"
    return f"现在没开，{_when(state.until, now)}开" if state.until else "现在没开"


def verified(place: Location, today: date) -> str:
    """When somebody last looked, and whether that is too long ago."""
    if place.sample:
        return "示例，不是真实地点"
    if not place.verified_on:
        return "还没有核实，去前先打电话问"
    if place.verified_on < (today - timedelta(days=VERIFIED_DAYS)).isoformat():
        return f"{_day(place.verified_on)}核实，已过半年，去前先打电话问"
    return f"{_day(place.verified_on)}核实"


def whole(place: Location, now: datetime) -> str:
    """Everything about a place, line by line."""
    lines = {
        "类别": KINDS[place.kind],
        "地址": address(place),
        "电话": place.phone or "没有登记，可打 12345 问",
        "优待": offer(place, now),
        "谁能享受": place.eligibility,
        "带什么": place.card,
        "时间": place.hours,
        "开门": opening(place, now) if place.opening else "",
        "方便设施": place.accessibility,
        "说明": place.note,
        "核实": verified(place, now.date()),
    }
    told = [f"· {heading}：{words}" for heading, words in lines.items() if words]
    return "\n".join([place.name + (f"（{place.campus}）" if place.campus else ""), *told])


def address(place: Location) -> str:
    """Where it is, as exactly as we know."""
    return place.address or f"{place.county}{place.town}（详细地址待核）"


def maps(place: Location) -> tuple[Link, ...]:
    """The place on maps people have; without a position of its own, a search for its name."""
    if place.sample and not place.point:
        return ()
    if not place.point:
        return (Link(amap_search_link(place.name), "在高德地图找"),)
    amap = Link(amap_link(place.name, *place.point), "高德地图")
    tencent = tencent_link(place.name, address(place), *place.point)
    return amap, Link(tencent, "腾讯地图（微信里也能开）")


def phones(place: Location) -> tuple[Link, ...]:
    """Every number, to tap."""
    return tuple(Link(f"tel:{number}", f"打电话 {number}") for number in place.phones)


def _short(said: str) -> str:
    return said if len(said) <= _OFFER else said[: _OFFER - 1] + "…"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def _when(moment: datetime | None, now: datetime) -> str:
    """A moment near now: 21:00, 明天 8:30, 周六 9:00."""
    if moment is None:
        return ""
    clock = f"{moment.hour}:{moment.minute:02d} "
    days = (moment.date() - now.date()).days
    return {0: "", 1: "明天 "}.get(days, f"周{_WEEK[moment.weekday()]} ") + clock
