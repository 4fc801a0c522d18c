"""What is wrong with a rule or a calculator is said with file, line and remedy."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from knowledge import check_rules
from knowledge.load import ROOT, KnowledgeError, load

TODAY = date(2026, 11, 23)
RULE = "benefits/rules/rural-veteran-60.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy = tmp_path / "knowledge"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return copy


def change(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text("utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_rules_have_no_problem() -> None:
    assert check_rules.check(load(), TODAY) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{age: {at_least: 60}}", "{aeg: {at_least: 60}}", "没有“aeg”这个事实"),
        ("{age: {at_least: 60}}", "{age: {atleast: 60}}", "只能用 at_least、under"),
        ("{age: {at_least: 60}}", "{age: {at_least: 六十}}", "应当是整数"),
        ("{rural: true}", "{rural: maybe}", "没有 maybe 这一项"),
        ("{rural: true}", "{any: {rural: true}}", "应当是列表"),
        ("identity: veteran", "identity: verteran", "没有 verteran 这一项"),
        ("from: 1954-11-01", "from: '1954'", "应当是日期"),
        ("conditions:", "conditoins:", "不认识这个字段"),
    ],
)
def test_a_broken_expression_is_refused_with_its_line(
    root: Path, old: str, new: str, message: str
) -> None:
    change(root, RULE, old, new)
    with pytest.raises(KnowledgeError, match=message) as refused:
        load(root)
    line = (root / RULE).read_text("utf-8").splitlines().index
    written = next(row for row in (root / RULE).read_text("utf-8").splitlines() if new in row)
    places = [(problem.file.name, problem.line) for problem in refused.value.problems]
    assert ("rural-veteran-60.yaml", line(written) + 1) in places


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (RULE, "article: rural-veteran-60", "article: rural-veteran-61", "没有文章"),
        (RULE, "region: 全国", "region: 天下", "没有地区"),
        (RULE, "articles: [62]", "articles: [65]", "没有第 65 条"),
        (RULE, "军人抚恤优待条例", "军人抚恤条例", "请先登记"),
        ("benefits/rules/hardship-aid.yaml", "service: hardship-aid", "service: nn", "没有服务"),
        ("calculators/nursing.yaml", "articles: [34]}}", "articles: [99]}}", "没有第 99 条"),
    ],
)
def test_a_dead_end_is_found(root: Path, name: str, old: str, new: str, message: str) -> None:
    change(root, name, old, new)
    problems = check_rules.check(load(root), TODAY)
    assert [one for one in problems if message in one.message and str(one.file).endswith(name)]


def test_a_figure_the_law_does_not_give_is_found(root: Path) -> None:
    change(root, RULE, "年满60周岁", "年满61周岁")
    texts = {"军人抚恤优待条例": {62: "年满60周岁农村籍退役士兵", 61: ""}}
    messages = [one.message for one in check_rules.check_texts(load(root), texts)]
    assert any("61周岁 不在" in message for message in messages)
