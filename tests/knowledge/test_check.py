"""What the check finds in a small library written here: each fault with file, line and remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge.check import check
from knowledge.load import Problem, load

TODAY = date(2026, 11, 23)
CARD = """\
id: card
title: 优待证怎么申请
topic: cards
audience: [退役军人]
region: 全国
questions:
- 优待证怎么申请
- 办优待证要带什么
- 在哪里办优待证
- 优待证多久能拿到
- 申请优待证的条件
- 谁可以申领优待证
- 优待证网上能办吗
- 代办优待证行不行
answer:
  summary: 优待证向户籍地的服务站申请。
  conditions:
  - 本人带身份证
sources:
- {law: 某某法, articles: [2]}
confidence: 高
assured_on: 2026-11-01
review_by: 2027-05-01
see_also: [bus]
not_to_be_confused_with:
- {id: bus, difference: 那一条是坐车}
flow: request:help
"""
BUS = """\
id: bus
title: 老兵坐公交车要钱吗
topic: cards
audience: [退役军人]
region: 南通市
questions:
- 坐公交车免费吗
- 老兵坐地铁要不要钱
- 公交车上刷什么
- 乘车优惠怎么享受
- 坐轮渡打不打折
- 公交司机不让免费坐
- 坐夜班车也免票吗
- 外地老兵能免费乘车吗
answer:
  summary: 坐市内公交车不要钱。
sources:
- {url: "https://example.org/85123456", title: 通知, read_on: 2026-11-01}
confidence: 高
assured_on: 2026-11-01
review_by: 2027-05-01
not_to_be_confused_with:
- {id: card, difference: 那一条是办证}
"""
HELP = """\
id: help
title: 困难帮扶
topic: hardship
about: 家里有困难，登记后由工作人员联系您。
audience: [退役军人]
questions: [我想登记困难, 家里困难谁来帮, 登记求助, 帮我报困难]
asks:
- {key: what, ask: 您遇到什么困难？, label: 困难}
consent: 您写的内容只给办事的工作人员看，用来联系您办这件事，随时可以撤回。
respond_within_working_days: 3
articles: [card]
"""
LISTS = {
    "intents.yaml": """\
intents:
- {id: hello, questions: [早上好], reply: 您好。}
- {id: near, questions: [附近的商户], flow: "nearby:merchant"}
""",
    "sources.yaml": """\
laws:
- {name: 某某法, in_force: 2021-01-01, articles: 10, issued_by: 某机关}
- {name: 旧条例, in_force: 2011-01-01, issued_by: 某机关, repealed_on: 2024-09-01, replaced_by: 某某法}
""",
    "regions.yaml": """\
regions:
- {name: 全国}
- {name: 南通市, aliases: [南通], within: 全国}
""",
    "strangers.yaml": "strangers: []\n",
    "lexicon.yaml": "synonyms:\n  公交车: [公车]\n  优待证: [优代证]\npayday: {of: [card], article: bus}\n",
    "coverage.yaml": "promises:\n- {said: 优待证, articles: [card], services: [help]}\n",
    "articles/cards/card.yaml": CARD,
    "articles/cards/bus.yaml": BUS,
    "services/help.yaml": HELP,
}
CARD_FILE, BUS_FILE = "articles/cards/card.yaml", "articles/cards/bus.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in LISTS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def spoil(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text("utf-8")
    assert text.count(old) == 1
    (root / name).write_text(text.replace(old, new), "utf-8")


def found(root: Path, name: str) -> list[Problem]:
    return [one for one in check(load(root), TODAY) if one.file == root / name]


def test_a_sound_library_has_no_problems(root: Path) -> None:
    assert check(load(root), TODAY) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (CARD_FILE, "see_also: [bus]", "see_also: [buss]", "没有文章 buss"),
        (CARD_FILE, "- {id: bus,", "- {id: buss,", "没有文章 buss"),
        (CARD_FILE, "flow: request:help", "flow: request:hepl", "没有服务 hepl"),
        (CARD_FILE, "flow: request:help", "flow: nearby:merchnat", "不认识 nearby:merchnat"),
        (CARD_FILE, "flow: request:help", "flow: human", "不认识 human"),
        (CARD_FILE, "region: 全国", "region: 火星", "没有地区“火星”"),
        (CARD_FILE, "law: 某某法", "law: 无此法", "没有《无此法》"),
        (CARD_FILE, "law: 某某法", "law: 旧条例", "废止"),
        (CARD_FILE, "articles: [2]", "articles: [11]", "只有 10 条"),
        (CARD_FILE, "assured_on: 2026-11-01", "assured_on: 2026-12-01", "核对日期在将来"),
        (CARD_FILE, "- 优待证多久能拿到", "- 坐公交车免费吗", "抢答"),
        (CARD_FILE, "- 优待证多久能拿到", "- 登记求助", "已有同样的问法"),
        (CARD_FILE, "- 优待证多久能拿到", "- 优待证怎么申请？", "已有同样的问法"),
        (CARD_FILE, "- 本人带身份证", "- 打 0513-85123456 预约", "像是电话"),
        (CARD_FILE, "- 本人带身份证", "- 打 13900138000 预约", "像是电话"),
        (CARD_FILE, "- 本人带身份证", "- 打 400-820-8820 预约", "像是电话"),
        (CARD_FILE, "- 本人带身份证", "- 打 12399 预约", "像是电话"),
        (CARD_FILE, "- 本人带身份证", "- 如 320602197001011234", "身份证号"),
        (BUS_FILE, "title: 通知", "title: 通知 85123456", "像是电话"),
        ("services/help.yaml", "articles: [card]", "articles: [crad]", "没有文章 crad"),
        ("intents.yaml", "nearby:merchant", "nearby:merchnat", "不认识 nearby:merchnat"),
        ("regions.yaml", "within: 全国", "within: 江苏省", "上一级“江苏省”不在"),
        ("regions.yaml", "aliases: [南通]", "aliases: [南通, 全国]", "“全国”既指"),
        ("sources.yaml", "replaced_by: 某某法", "replaced_by: 无此法", "replaced_by"),
        ("lexicon.yaml", "[优代证]", "[优代证, 公车]", "“公车”在“公交车”那里"),
        ("lexicon.yaml", "[优代证]", "[优代证, 公交车]", "“公交车”在“公交车”那里"),
        ("lexicon.yaml", "of: [card]", "of: [crad]", "没有文章 crad"),
        ("lexicon.yaml", "article: bus", "article: bsu", "没有文章 bsu"),
        ("coverage.yaml", "articles: [card]", "articles: [crad]", "crad 不存在"),
    ],
)
def test_a_fault_is_an_error_at_its_line(
    root: Path, name: str, old: str, new: str, message: str
) -> None:
    spoil(root, name, old, new)
    problems = [one for one in found(root, name) if message in one.message]
    assert [one.level for one in problems] == ["error"]
    row = (root / name).read_text("utf-8").splitlines()[problems[0].line - 1]
    assert new in row


@pytest.mark.parametrize("number", ["12345", "12356", "12348", "12333", "110", "120"])
def test_a_national_hotline_may_be_named(root: Path, number: str) -> None:
    spoil(root, CARD_FILE, "- 本人带身份证", f"- 说不清的打 {number}")
    assert found(root, CARD_FILE) == []


@pytest.mark.parametrize("figure", ["每年 12000 元", "12500元", "第12条", "2026年11月23日"])
def test_an_amount_or_a_date_is_no_telephone_number(root: Path, figure: str) -> None:
    spoil(root, CARD_FILE, "- 本人带身份证", f"- {figure}")
    assert found(root, CARD_FILE) == []


def test_a_difference_told_on_one_side_only_is_a_warning(root: Path) -> None:
    spoil(root, BUS_FILE, "not_to_be_confused_with:\n- {id: card, difference: 那一条是办证}\n", "")
    [problem] = check(load(root), TODAY)
    assert (problem.level, problem.file) == ("warning", root / CARD_FILE)
    assert "bus 没有反过来写明" in problem.message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("没有证的看另一条", "写明看哪一条"),
        ("没有证的看“坐船要钱吗”", "没有标题是“坐船要钱吗”的文章"),
        ("没有证的看“优待证怎么申请”", "写进 see_also 的前 2 个"),
        ("没有证的看“老兵坐公交车要钱吗”", ""),
    ],
)
def test_who_is_told_to_look_elsewhere_is_told_where_and_gets_a_button(
    root: Path, said: str, message: str
) -> None:
    path = root / CARD_FILE
    old = "  - 本人带身份证\n"
    path.write_text(
        path.read_text("utf-8").replace(old, f"{old}  exceptions:\n  - {said}\n"), "utf-8"
    )
    line = path.read_text("utf-8").splitlines().index(f"  - {said}") + 1
    told = [one.message for one in found(root, CARD_FILE) if one.line == line]
    assert [message in one for one in told] == ([True] if message else [])


def test_an_article_past_its_review_date_is_a_warning_at_that_line(root: Path) -> None:
    problems = [one for one in check(load(root), date(2027, 6, 1)) if "复核期限" in one.message]
    assert [one.level for one in problems] == ["warning", "warning"]
    rows = problems[0].file.read_text("utf-8").splitlines()
    assert rows[problems[0].line - 1].startswith("review_by:")


def test_an_article_and_a_service_of_one_id_are_not_taken_for_each_other(root: Path) -> None:
    name = "articles/cards/help.yaml"
    (root / name).write_text(
        BUS.replace("id: bus", "id: help")
        .replace("车", "船")
        .replace("公交", "渡口")
        .replace("地铁", "快艇")
        .replace("region: 南通市", "region: 火星"),
        "utf-8",
    )
    assert any("没有地区“火星”" in one.message for one in found(root, name))
    assert found(root, "services/help.yaml") == []


def test_problems_come_by_file_and_line(root: Path) -> None:
    spoil(root, CARD_FILE, "region: 全国", "region: 火星")
    spoil(root, CARD_FILE, "see_also: [bus]", "see_also: [buss]")
    spoil(root, BUS_FILE, "region: 南通市", "region: 火星")
    problems = check(load(root), TODAY)
    assert [(one.file, one.line) for one in problems] == sorted(
        (one.file, one.line) for one in problems
    )
    assert len(problems) == 3
