"""Answered, asked back, refused, sent elsewhere: by score, margin, region and date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.evaluating import read
from knowledge.answer import answer, asked_about, holds_in, named
from knowledge.base import Knowledge
from knowledge.load import Library
from knowledge.render import render
from knowledge.state import awaits_money, mourns, pushed_about

TODAY = date(2026, 11, 25)
QUESTIONS = Path(__file__).parents[1] / "questions"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("我优待证搞丢了要去哪儿补一张", "preferential-card-lost-replace"),
        ("優待證丟了怎麼補辦", "preferential-card-lost-replace"),
        ("优代证掉了咋补办", "preferential-card-lost-replace"),
        ("残军坐高铁打几折", "disabled-half-fare"),
        ("孩子去当兵，家里优待金一年有多少", "conscript-family-allowance"),
        ("烈属去外省扫墓能不能报路费", "remote-memorial-subsidy"),
    ],
)
def test_other_words_find_the_same_article(knowledge: Knowledge, text: str, wanted: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("抚恤金", "one-off-pension"),
        ("老兵看病", "nantong-preferential-hospitals"),
        ("安置", "resettlement-options"),
    ],
)
def test_when_two_are_near_both_are_offered(knowledge: Knowledge, text: str, wanted: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert found.status == "unclear"
    assert wanted in found.options
    assert len(found.options) <= 3


@pytest.mark.parametrize(
    "text",
    [
        "濒海战斗舰什么时候退役",
        "双拥路怎么走",
        "手机没信号了",
        "帮我写个年终总结",
        "asdfgh",
        "？？？",
    ],
)
def test_what_is_not_ours_is_not_answered(knowledge: Knowledge, text: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert found.status in ("unknown", "smalltalk")


def test_a_county_article_is_not_given_to_another_county(knowledge: Knowledge) -> None:
    text = "三等功在定点医院住院优惠多少"
    assert answer(knowledge.library, text, region="通州区", today=TODAY).status == "answered"
    found = answer(knowledge.library, text, region="如东县", today=TODAY)
    assert (found.status, found.region) == ("elsewhere", "如东县")
    assert "nantong-preferential-hospitals" in found.options


def test_a_city_named_in_the_question_decides(knowledge: Knowledge) -> None:
    found = answer(knowledge.library, "苏州坐公交优待证要钱吗", region="海门区", today=TODAY)
    assert (found.status, found.region) == ("elsewhere", "苏州市")


def test_after_its_end_an_article_gives_no_figure(knowledge: Knowledge) -> None:
    library = knowledge.library
    article = library.articles["self-employed-tax-24000"].model_copy(
        update={"valid_to": date(2027, 12, 31)}
    )
    assert "24000" in render(article, today=date(2027, 12, 31))
    said = render(article, today=date(2028, 1, 1))
    assert "24000" not in said
    assert "停止执行" in said


def test_an_announced_article_says_from_when_it_holds(knowledge: Knowledge) -> None:
    article = knowledge.library.articles["job-fair"].model_copy(
        update={"valid_from": date(2027, 1, 1)}
    )
    assert "2027年1月1日起施行" in render(article, today=TODAY)


def test_every_answer_shows_conclusion_first_and_source_region_and_date_last(
    knowledge: Knowledge,
) -> None:
    for article in knowledge.library.articles.values():
        said = render(article, today=TODAY)
        assert said.startswith(article.answer.summary)
        assert "依据：" in said
        day = article.assured_on
        assert f"适用：{article.region} · 核对于 {day.year}年{day.month}月{day.day}日" in said
        assert len(said) < 1500


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("江苏南京的公交", ("南京市",)),
        ("南通市海门的医院", ("海门区",)),
        ("江苏省南通市", ("南通市",)),
        ("通州湾的服务站", ("通州湾示范区",)),
        ("北京市通州区怎么办", ("北京市",)),
        ("上海门诊能报吗", ("上海市",)),
        ("想在上海安置", ("上海市",)),
        ("云南通知我去领", ("云南省",)),
        ("蘇州坐公交", ("苏州市",)),
        ("户口在海门，人在苏州", ("海门区", "苏州市")),
        ("上海路上的商户", ()),
        ("长江西路怎么走", ()),
        ("坐公交免费吗", ()),
    ],
)
def test_a_region_is_read_as_people_mean_it(
    knowledge: Knowledge, text: str, regions: tuple[str, ...]
) -> None:
    assert named(knowledge.library, text) == regions


@pytest.mark.parametrize(
    ("text", "region", "places"),
    [
        ("定点医院优惠多少", "海门区", ("海门区",)),
        ("南通的定点医院优惠多少", "海门区", ("海门区",)),
        ("如东的定点医院优惠多少", "海门区", ("如东县",)),
        ("南通的定点医院优惠多少", None, ("南通市",)),
        ("定点医院优惠多少", None, ()),
    ],
)
def test_a_question_is_about_the_place_it_names_or_else_about_home(
    knowledge: Knowledge, text: str, region: str | None, places: tuple[str, ...]
) -> None:
    assert asked_about(knowledge.library, text, region) == places


@pytest.mark.parametrize(
    ("region", "text", "status"),
    [
        ("通州区", "三等功在定点医院住院优惠多少", "answered"),
        ("海门区", "三等功在定点医院住院优惠多少", "elsewhere"),
        ("海门区", "南通三等功在定点医院住院优惠多少", "elsewhere"),
        (None, "南京三等功在定点医院住院优惠多少", "elsewhere"),
    ],
)
def test_whose_county_has_no_such_rule_is_told_so(
    knowledge: Knowledge, region: str | None, text: str, status: str
) -> None:
    assert answer(knowledge.library, text, region=region, today=TODAY).status == status


def changed(knowledge: Knowledge, **update: object) -> Library:
    """The shipped library with one article's dates changed."""
    library = knowledge.library
    article = library.articles["disabled-half-fare"].model_copy(update=update)
    return replace(library, articles={**library.articles, article.id: article})


def test_a_repealed_article_is_expired_and_points_to_its_successor(knowledge: Knowledge) -> None:
    library = changed(knowledge, valid_to=date(2026, 11, 22), replaced_by="travel-priority")
    found = answer(library, "残疾军人坐火车半价吗", region=None, today=TODAY)
    assert (found.status, found.id, found.options) == (
        "expired",
        "disabled-half-fare",
        ("travel-priority",),
    )


def test_on_its_last_day_and_before_its_first_an_article_is_answered(knowledge: Knowledge) -> None:
    for update in ({"valid_to": TODAY}, {"valid_from": date(2027, 1, 1)}):
        library = changed(knowledge, **update)
        found = answer(library, "残疾军人坐火车半价吗", region=None, today=TODAY)
        assert found.status == "answered"


@pytest.mark.parametrize(
    ("text", "status", "id"),
    [
        ("附近有什么拥军商户", "flow", "intent:nearby-merchant"),
        ("附近的示范街区", "flow", "intent:nearby-merchant"),
        ("离我最近的优待医院", "flow", "intent:nearby-hospital"),
        ("哪里有服务站", "flow", "intent:nearby-station"),
        ("转人工", "flow", "intent:human"),
        ("找个人说话", "flow", "intent:human"),
        ("我的申请办到哪了", "flow", "intent:progress"),
        ("你是真人吗", "smalltalk", "intent:who-are-you"),
        ("今天天气", "smalltalk", "stranger:daily"),
        ("谢谢", "smalltalk", "intent:thanks"),
        ("职工抚恤金怎么领", "answered", "wrong-door"),
        ("老年优待证在哪办", "answered", "wrong-door"),
        ("我不是当兵的，能去你们那里吗", "answered", "wrong-door"),
        ("是不是当兵的买东西便宜，要带啥证", "answered", "army-support-shops"),
        ("当兵会不会胖", "smalltalk", "stranger:enlisting-doubts"),
    ],
)
def test_wishes_small_talk_and_wrong_doors_are_told_apart(
    knowledge: Knowledge, text: str, status: str, id: str
) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == (status, id)


def test_a_term_by_itself_offers_what_is_called_so(knowledge: Knowledge) -> None:
    found = answer(knowledge.library, "社保", region=None, today=TODAY)
    titles = [knowledge.library.entry_title(id) for id in found.options]
    assert found.status == "unclear"
    assert all("社保" in title for title in titles), titles


def test_regions_hold_within_one_another(knowledge: Knowledge) -> None:
    library = knowledge.library
    assert named(library, "我是港闸的") == ("崇川区",)
    nation, county = (
        library.articles["disabled-half-fare"],
        library.articles["tongzhou-hospital-discount"],
    )
    assert holds_in(library, nation, "海门区")
    assert holds_in(library, county, "通州区")
    assert not holds_in(library, county, "海门区")


@pytest.mark.parametrize(
    "text",
    [
        "小学老师去世了抚恤金找哪个部门",
        "公务员病故丧葬费怎么领",
        "辅警受伤了待遇问谁",
    ],
)
def test_who_is_no_soldier_is_told_who_handles_it(knowledge: Knowledge, text: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", "wrong-door")


def test_a_teacher_who_is_married_to_a_soldier_is_ours(knowledge: Knowledge) -> None:
    text = "随军家属原来是在编老师，怎么安排工作"
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", "army-spouse-placement")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("党组织关系往哪里转", "stranger:party"),
        ("离职以后公积金怎么取", "stranger:pension-account"),
    ],
)
def test_a_known_matter_of_others_is_said_to_be_theirs(
    knowledge: Knowledge, text: str, wanted: str
) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("smalltalk", wanted)


@pytest.mark.parametrize(
    "text", ["拿哈尔滨发的优待证到南通坐公交要钱吗", "哈尔滨的优待证在南通坐地铁免费吗"]
)
def test_the_place_somebody_goes_to_decides(knowledge: Knowledge, text: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", "nantong-free-bus-metro")
    there = answer(knowledge.library, "佳木斯坐公交凭优待证免费吗", region=None, today=TODAY)
    assert there.status in ("elsewhere", "unclear")


def test_two_questions_are_not_blended(knowledge: Knowledge) -> None:
    text = "优待证怎么办？公交要钱吗？"
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.id, found.also) == ("preferential-card-apply", ("nantong-free-bus-metro",))


def test_a_telephone_asked_for_besides_becomes_a_button(knowledge: Knowledge) -> None:
    text = "残疾抚恤金一个月多少，给个电话"
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.also) == ("answered", ("hotline-list",))


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("义务兵优待金什么时候发", True),
        ("家里的优待金到现在还没到账", True),
        ("退役金什么时候下来，急等着用", True),
        ("退役金怎么算", False),
        ("什么时候去办优待证，退役金多少", False),
        ("国家为什么不多给老兵发钱", False),
    ],
)
def test_who_waits_for_money_is_heard(knowledge: Knowledge, text: str, waits: bool) -> None:
    assert awaits_money(knowledge.library.lexicon, text) is waits


@pytest.mark.parametrize(
    ("text", "grieves"),
    [
        ("我爸上个月走了，他是残疾军人，丧葬费怎么领", True),
        ("老伴刚过世，领补助的人还有几个月", True),
        ("我爷爷五一年在朝鲜牺牲的", False),
        ("上个月去问，丧葬补助给几个月", False),
        ("儿子上个月走了，去当兵了", True),  # only what is about deaths says so: handlers.inquiry
    ],
)
def test_who_lost_somebody_lately_is_heard(knowledge: Knowledge, text: str, grieves: bool) -> None:
    assert mourns(knowledge.library.lexicon, text) is grieves


def test_who_is_sent_from_office_to_office_is_heard(knowledge: Knowledge) -> None:
    lexicon = knowledge.library.lexicon
    assert pushed_about(lexicon, "民政推给人社，人社又推给我们镇上，到底找谁")
    assert not pushed_about(lexicon, "残疾抚恤金找谁领")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("我在新疆打工，社保断了还能补吗", ()),
        ("同期在苏州的战友都有了，我们南通的什么时候有", ("南通市",)),
        ("镇上组织去无锡疗养，我怎么报名", ()),
        ("在苏州坐公交免费吗", ("苏州市",)),
        ("苏州的战友来南通，公交免费吗", ("南通市",)),
    ],
)
def test_where_somebody_was_is_not_where_he_asks_for(
    knowledge: Knowledge, text: str, place: tuple[str, ...]
) -> None:
    assert asked_about(knowledge.library, text, None) == place


def test_whose_money_is_meant_need_not_be_clear_to_say_whom_to_ask(knowledge: Knowledge) -> None:
    text = "说好的钱什么时候发，战友都拿到了，就我们几个没动静"
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", "when-is-money-paid")


@pytest.mark.parametrize(
    "text", ["我七十了，老年优待证丢了去哪补", "我们家没当过兵的，有什么补助", "敬老卡怎么年审"]
)
def test_what_only_sounds_like_ours_is_said_to_be_theirs(knowledge: Knowledge, text: str) -> None:
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert (found.status, found.id) == ("answered", "wrong-door")


def test_who_is_no_soldier_but_speaks_of_one_is_heard(knowledge: Knowledge) -> None:
    text = "我没当过兵，我爸是退伍军人，他的优待证丢了怎么补办"
    found = answer(knowledge.library, text, region=None, today=TODAY)
    assert "preferential-card-lost-replace" in {found.id, *found.options}


def test_beside_an_answer_stands_what_came_next_to_it(knowledge: Knowledge) -> None:
    library = knowledge.library
    asked = [one.text for one in read(QUESTIONS / "fourth" / "exam.yaml")]
    found = [answer(library, text, region=None, today=TODAY) for text in asked]
    given = [one for one in found if one.status == "answered"]
    beside = [(one.id, one.options[0]) for one in given if one.options]
    assert all(id in library.articles and other != id for id, other in beside)
    assert all(len(one.options) <= 1 for one in given)
    assert len(beside) > len(given) / 50
    assert not {other for _, other in beside} & library.general


@pytest.mark.parametrize("text", ["zhang" * 2000, "优" * 10_000, "哈哈哈哈哈哈哈"])
def test_the_same_again_and_again_asks_nothing(knowledge: Knowledge, text: str) -> None:
    assert answer(knowledge.library, text, region=None, today=TODAY).status == "unknown"


def test_what_holds_elsewhere_is_offered_first(knowledge: Knowledge) -> None:
    found = answer(knowledge.library, "苏州坐公交优待证要钱吗", region="海门区", today=TODAY)
    assert (found.status, found.options[0]) == ("elsewhere", "jiangsu-free-transit-scenic")
