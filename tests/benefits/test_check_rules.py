"""``youjun check`` names the example that does not agree with its rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge.base import Knowledge
from knowledge.check_rules import check
from knowledge.eligibility import Judge
from knowledge.library import Library
from knowledge.rule_text import describe

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def library(knowledge: Knowledge) -> Library:
    return knowledge.library


def problems(library: Library, rule: str, **change: object) -> list[str]:
    """What check says when the examples of one rule are changed; None takes them away."""
    cases = {id: one for id, one in library.cases.items() if id != rule or change}
    if change:
        cases[rule] = cases[rule].model_copy(update=change)
    return [problem.message for problem in check(replace(library, cases=cases), TODAY)]


def test_the_shipped_examples_agree_with_their_rules(library: Library) -> None:
    assert check(library, TODAY) == []


def test_a_wrong_example_is_named(library: Library) -> None:
    base = {**library.cases["disabled-half-fare"].base, "disability": "none"}
    found = problems(library, "disabled-half-fare", base=base)
    assert any("这个例子应当符合，判断出来却是不符合" in one for one in found)


def test_an_example_that_cannot_be_read_is_named(library: Library) -> None:
    found = problems(library, "disabled-half-fare", fails=({"disability": "x"},))
    assert any("没有“x”这一项" in one for one in found)


def test_a_rule_without_examples_and_a_condition_nobody_fails_are_named(library: Library) -> None:
    assert any(
        "没有 disabled-half-fare 的例子" in one for one in problems(library, "disabled-half-fare")
    )
    only = problems(library, "disabled-half-fare", fails=({"disability": "none"},))
    assert "没有例子卡在“是现役或退役军人”上，请补一个" in only


def test_examples_of_no_rule_are_named(library: Library) -> None:
    stray = library.cases["card-veteran"].model_copy(update={"id": "no-such"})
    found = check(replace(library, cases={**library.cases, "no-such": stray}), TODAY)
    assert [problem.message for problem in found] == ["没有规则 no-such，请改正"]


def test_a_rule_is_described_with_its_examples(library: Library) -> None:
    told = describe(Judge(library), library.rules["self-employed-tax"])
    months = told.conditions[2]
    assert months.tested == "个体户登记年月当月起 36 个月内"
    assert months.stopped == ("个体户登记年月：2023年11月30日", "个体户登记年月：2026年11月24日")
    assert (told.untested, told.validity) == (0, "有效期 2023-01-01 至 2027-12-31")
