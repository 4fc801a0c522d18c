"""Articles against the laws: one wrong digit is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import statutes
from knowledge.base import Knowledge
from knowledge.load import Library, Problem
from knowledge.schema import Amount, Article

LAW = """# 军人抚恤优待条例

## 第一章 总则

第一条 为了……

## 第五章 优待

第五十二条 残疾军人享受减收国内运输经营者对外公布票价50%的优待。

享受定期抚恤金的遗属死亡的，继续发放6个月，满六十周岁的除外。

第六十四条 本条例自2024年10月1日起施行。
"""


@pytest.fixture
def texts(tmp_path: Path) -> statutes.Texts:
    (tmp_path / "军人抚恤优待条例(2024-08-05).md").write_text(LAW, "utf-8")
    return statutes.read(tmp_path)


def problems(knowledge: Knowledge, texts: statutes.Texts, article: Article) -> list[Problem]:
    library = knowledge.library
    changed: dict[str, Article] = {article.id: article}
    only = Library(
        articles=changed,
        services={},
        intents={},
        laws=library.laws,
        regions=library.regions,
        reader=library.reader,
        index=library.index,
        files=library.files,
        root=library.root,
    )
    return statutes.check(only, texts)


def fare(knowledge: Knowledge) -> Article:
    return knowledge.library.articles["disabled-half-fare"]


def test_an_article_that_says_what_the_law_says_is_clean(
    knowledge: Knowledge, texts: statutes.Texts
) -> None:
    assert problems(knowledge, texts, fare(knowledge)) == []


def test_one_changed_digit_in_an_amount_is_found(
    knowledge: Knowledge, texts: statutes.Texts
) -> None:
    article = fare(knowledge)
    wrong: Amount = article.amounts[0].model_copy(update={"value": "公布票价的60%"})
    [problem] = problems(knowledge, texts, article.model_copy(update={"amounts": (wrong,)}))
    assert "60%" in problem.message
    assert problem.file.name == "disabled-half-fare.yaml"


@pytest.mark.parametrize("part", ["conditions", "steps", "exceptions"])
def test_one_changed_digit_in_the_text_is_found(
    knowledge: Knowledge, texts: statutes.Texts, part: str
) -> None:
    article = fare(knowledge)
    body = article.answer.model_copy(update={part: ("满六十一周岁续发6个月",)})
    [problem] = problems(knowledge, texts, article.model_copy(update={"answer": body}))
    assert "61周岁" in problem.message


def test_an_article_the_law_does_not_have_is_found(
    knowledge: Knowledge, texts: statutes.Texts
) -> None:
    article = fare(knowledge)
    source = article.sources[0].model_copy(update={"articles": (52, 53)})
    found = problems(knowledge, texts, article.model_copy(update={"sources": (source,)}))
    assert any("没有第 53 条" in problem.message for problem in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("减收50%，六十周岁", {"50%", "60周岁"}),
        ("30日内、十二个月、2万元以上5万元以下", {"30日", "12个月", "2万元", "5万元"}),
        ("2024年10月1日起，国令〔2024〕788号，一至十级", set()),
        ("每户每年24000元", {"24000元"}),
    ],
)
def test_figures_are_numbers_with_a_unit(text: str, found: set[str]) -> None:
    assert statutes.figures(text) == found


@pytest.mark.parametrize(
    ("chinese", "value"), [("十", 10), ("五十二", 52), ("一百零三", 103), ("九", 9), ("二十", 20)]
)
def test_chinese_numerals(chinese: str, value: int) -> None:
    assert statutes.number(chinese) == value


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="没有法规全文"):
        statutes.read(tmp_path)
