"""What is said of a place in a list: how far, what one gets, open or not, true or old."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from handlers import placewords, respond
from handlers.flows.nearbylist import listing
from handlers.messages import Contact, Update
from handlers.nearwish import near_wish
from handlers.placereply import about
from handlers.turn import Situation
from knowledge.base import Knowledge
from knowledge.directory import Directory, Found
from knowledge.hours import parse
from knowledge.locations import Location

NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")  # a Wednesday
SHOP = Location(
    id="m-1", name="老李面馆", kind="merchant", county="海门区", town="三星镇",
    point=(31.97, 121.12), offer="堂食9折", card="优待证", hours="周一至周五 9:00-17:00；周末休息",
    opening=parse("周一至周五 9:00-17:00；周末休息"), verified_on="2026-10-01", phone="0513-82100001",
)  # fmt: skip


HERE = {"name": "海门区三星镇", "latitude": 31.97, "longitude": 121.12}


def entry(distance: float | None = 400, **changes: object) -> str:
    return placewords.entry(1, Found(replace(SHOP, **changes), distance), NOON)  # type: ignore[arg-type]


def test_an_entry_has_name_way_offer_card_hours_and_date() -> None:
    assert entry() == (
        "1. 老李面馆（400 米，走路约 8 分钟）\n"
        "   凭优待证：堂食9折；现在开着，到 17:00；2026年10月1日核实"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verified_on": "2026-05-01"}, "已过半年"),
        ({"verified_on": ""}, "还没有核实"),
        ({"sample": True}, "【示例】老李面馆"),
        ({"sample": True}, "示例，不是真实地点"),
        ({"valid_to": "2026-11-24"}, "优待已于2026年11月24日到期"),
        ({"valid_from": "2026-12-01"}, "从2026年12月1日开始"),
        ({"offer": ""}, "优待内容待核"),
        ({"hours": "", "opening": None}, "开门时间待核"),
        ({"hours": "随到随做", "opening": None}, "时间：随到随做"),
        ({"opening": parse("每天 18:00-23:00")}, "现在没开，18:00 开"),
        ({"opening": parse("周六、周日 9:00-17:00")}, "现在没开，周六 9:00 开"),
        ({"opening": parse("24小时")}, "全天开着"),
        ({"point": None, "centre": (31.97, 121.12)}, "同一镇上，门牌位置待核"),
    ],
)
def test_what_is_old_over_unknown_or_closed_is_said(changes: dict[str, object], said: str) -> None:
    assert said in entry(**changes)


def test_far_places_have_no_walking_time_and_the_river_is_named() -> None:
    assert entry(20_000).startswith("1. 老李面馆（20.0 公里）")
    over = placewords.entry(1, Found(SHOP, 900, over_river=True), NOON)
    assert over.startswith("1. 老李面馆（隔江，直线 900 米）")


def with_places(knowledge: Knowledge, *places: Location) -> Knowledge:
    return replace(knowledge, directory=Directory(places))


def test_only_the_first_five_are_shown_and_more_is_offered_while_there_is_more(
    knowledge: Knowledge,
) -> None:
    many = [replace(SHOP, id=f"m-{n}", point=(31.97, 121.12 + n / 1000)) for n in range(7)]
    where = {"name": "您", "latitude": 31.97, "longitude": 121.12}
    known = with_places(knowledge, *many)
    first = listing("merchant", where, known, now=NOON)
    assert first.text.count("老李面馆") == 5
    assert "更多" in [choice.label for choice in first.choices]
    assert first.sketch is not None
    assert [number for number, _, _ in first.sketch.places] == ["1", "2", "3", "4", "5"]
    second = listing("merchant", where, known, now=NOON, skip=5)
    assert second.text.splitlines()[1].startswith("6. 老李面馆")
    assert "更多" not in [choice.label for choice in second.choices]
    assert "没有更多" in listing("merchant", where, known, now=NOON, skip=10).text


def test_only_those_open_for_sure_are_listed_on_request(knowledge: Knowledge) -> None:
    night = replace(SHOP, id="m-2", name="夜宵店", opening=parse("每天 18:00-23:00"))
    silent = replace(SHOP, id="m-3", name="没写时间的店", opening=None, hours="")
    where = {"name": "您", "latitude": 31.97, "longitude": 121.12}
    known = with_places(knowledge, SHOP, night, silent)
    assert "只看开着的" in [c.label for c in listing("merchant", where, known, now=NOON).choices]
    shown = listing("merchant", where, known, now=NOON, open_only=True)
    assert "老李面馆" in shown.text
    assert "夜宵店" not in shown.text
    assert "没写时间的店" not in shown.text
    closed = listing("merchant", where, with_places(knowledge, night), now=NOON, open_only=True)
    assert "没有查到现在确定开着的" in closed.text
    assert closed.choices[0].label == "都看看"


def test_nothing_anywhere_says_whom_to_ask(knowledge: Knowledge) -> None:
    where = {"name": "您", "latitude": 31.97, "longitude": 121.12}
    reply = listing("merchant", where, with_places(knowledge), now=NOON)
    assert "12345" in reply.text
    assert reply.sketch is None


def test_a_doubtful_pin_is_asked_about_only_if_the_answer_would_differ(
    knowledge: Knowledge,
) -> None:
    where = {"name": "您", "latitude": 31.97, "longitude": 121.12, "crs": "wgs84"}
    alone = with_places(knowledge, SHOP)
    assert "对吗" not in listing("merchant", where, alone, now=NOON).text
    two = with_places(knowledge, SHOP, replace(SHOP, id="m-2", point=(31.972, 121.1155)))
    assert "我按您在海门区三星镇一带找的，对吗？" in listing("merchant", where, two, now=NOON).text
    sure = {key: value for key, value in where.items() if key != "crs"}
    assert "对吗" not in listing("merchant", sure, two, now=NOON).text


def test_the_river_is_said_from_both_of_its_sides(knowledge: Knowledge) -> None:
    island, mainland = replace(SHOP, id="m-2", town="海永镇"), replace(SHOP, id="m-1")
    for name, over in (("海门区海永镇", "m-1"), ("海门区三星镇", "m-2")):
        town = knowledge.gazetteer.resolve(name).origin
        assert town is not None
        assert town.point is not None
        where = {"name": name, "latitude": town.point[0], "longitude": town.point[1]}
        far = with_places(knowledge, island, mainland)
        reply = listing("merchant", where, far, now=NOON)
        assert reply.text.count("隔江，直线") == 1, over
        assert "要过江" in reply.text


def test_a_real_place_comes_with_maps_phones_a_venue_and_a_way_to_object() -> None:
    reply = about(SHOP, NOON)
    urls = [link.url for link in reply.links]
    assert urls[:2] == ["/place/m-1", "tel:0513-82100001"]
    assert [url.split("/")[2] for url in urls[2:]] == ["uri.amap.com", "apis.map.qq.com"]
    assert reply.venue is not None
    assert (reply.venue.latitude, reply.venue.longitude) == SHOP.point
    assert reply.choices[0].value == "/wrong m-1"
    assert about(replace(SHOP, sample=True), NOON).venue is None


@pytest.mark.parametrize(
    ("said", "flow"),
    [
        ("附近哪里看病便宜", "nearby:hospital"),
        ("我在启东吕四，最近的服务站", "nearby:service-station"),
        ("附近有没有优惠的饭店", "nearby:merchant"),
        ("我家旁边有烈士陵园吗", "nearby:memorial"),
        ("如东烈士陵园", "nearby:memorial"),
        ("如皋的优待医院有哪些", "nearby:hospital"),
        ("烟台的烈士陵园在哪里", "nearby:memorial"),
        ("南通的优待医院有哪些", None),
        ("如皋的优待医院怎么优惠", None),
        ("海门三星镇", "nearby"),
        ("城东镇", "nearby"),
        ("海门", "nearby"),
        ("团结", None),
        ("南通", None),
        ("我附近的医院看病怎么报销", None),
        ("最近看病花了好多钱", None),
        ("海门优待证丢了", None),
        ("附近", None),
    ],
)
def test_a_wish_for_something_near_is_no_question_about_rules(
    knowledge: Knowledge, said: str, flow: str | None
) -> None:
    assert near_wish(said, knowledge.gazetteer) == flow


def test_who_asks_for_places_elsewhere_hears_that_we_know_none(knowledge: Knowledge) -> None:
    at = Situation(NOON, knowledge, lambda _: NOON.isoformat())
    first, then = respond(Update("1", Contact("web", "a"), "苏州有哪些拥军商户"), at).replies
    assert "我只查得到南通的地方。苏州的" in first.text
    assert "您现在在哪里" in then.text


@pytest.mark.parametrize(("where", "reminded"), [({}, True), ({"where": HERE}, False)])
def test_who_comes_back_is_reminded_of_a_question_but_not_of_a_list(
    knowledge: Knowledge, where: dict[str, object], reminded: bool
) -> None:
    at = Situation(
        NOON, knowledge, lambda _: NOON.isoformat(), flow="nearby:scenic", record=where, idle=True
    )
    turn = respond(Update("1", Contact("web", "a"), "优待证丢了怎么补办"), at)
    assert ("还没填完" in turn.replies[0].text) is reminded
    assert (turn.flow is None) is not reminded
