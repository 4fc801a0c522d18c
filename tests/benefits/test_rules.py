"""Every rule at its borders; every flipped or shifted condition must be noticed by them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from knowledge.base import Knowledge
from knowledge.cases import Cases
from knowledge.eligibility import Judge, combined
from knowledge.facts import FactError, Profile, profile
from knowledge.load import ROOT
from knowledge.rules import compiled, later

CASES: dict[str, Cases] = {
    one["id"]: Cases.model_validate(one)
    for one in yaml.safe_load((ROOT / "benefits/cases.yaml").read_text("utf-8"))["cases"]
}
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def judge(knowledge: Knowledge) -> Judge:
    return Judge(knowledge.library)


def cases(rule: str) -> Iterator[tuple[dict[str, Any], str]]:
    yield from ((said, wanted) for said, wanted, _ in CASES[rule].worked())


@pytest.mark.parametrize("rule", sorted(path.stem for path in (ROOT / "benefits/rules").iterdir()))
def test_a_rule_holds_at_its_borders(judge: Judge, rule: str) -> None:
    for said, expected in cases(rule):
        known = profile(said, judge.facts)
        verdict = judge.verdict(judge.library.rules[rule], known, TODAY)
        assert verdict.result == expected, said
        assert judge.result(rule, known, TODAY) == expected
        assert (verdict.failed != ()) is (expected == "不符合")
        assert (verdict.missing != ()) is (expected == "还差信息")


def mutants(when: Any) -> Iterator[dict[str, Any]]:
    """Each leaf negated, each border moved by one, each listed value taken away."""
    for key, value in when.items():
        rest = {other: one for other, one in when.items() if other != key}
        for changed in _changed(key, value):
            yield {"all": [changed, rest]} if rest else changed


def _changed(key: str, value: Any) -> Iterator[dict[str, Any]]:
    if key in ("all", "any"):
        for number, inner in enumerate(value):
            for one in mutants(inner):
                yield {key: [*value[:number], one, *value[number + 1 :]]}
        return
    if key == "not":
        yield from ({"not": one} for one in mutants(value))
        return
    yield {"not": {key: value}}
    if isinstance(value, list):
        yield from ({key: [one for one in value if one != gone]} for gone in value)
    if isinstance(value, dict):
        for op, edge in value.items():
            step: Any = timedelta(days=1) if isinstance(edge, date) else 1
            yield from ({key: {**value, op: moved}} for moved in (edge + step, edge - step))


def survivors(judge: Judge, rule: str, table: list[tuple[Profile, str]]) -> list[Any]:
    """The mutants of a rule that no case of ``table`` notices."""
    found = []
    for number, condition in enumerate(judge.library.rules[rule].conditions):
        for mutant in mutants(condition.when):
            tests = list(judge.tests[rule])
            tests[number] = compiled(mutant, judge.facts, judge.library.around)
            results = [combined(test(known, TODAY) for test in tests) for known, _ in table]
            if results == [expected for _, expected in table]:
                found.append(mutant)
    return found


@pytest.mark.parametrize("rule", sorted(CASES))
def test_a_flipped_or_shifted_condition_fails_a_case(judge: Judge, rule: str) -> None:
    table = [(profile(said, judge.facts), expected) for said, expected in cases(rule)]
    assert not survivors(judge, rule, table)


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("rural-veteran-60", {"born": date(1966, 11, 24)}),
        ("disabled-1-6-medical", {"grade": 7}),
        ("assigned-job", {"service_years": 11}),
        ("unemployment", {"discharge": "retired"}),
    ],
)
def test_a_table_without_a_border_lets_a_mutant_live(
    judge: Judge, rule: str, gone: dict[str, Any]
) -> None:
    short = {**CASES[rule].base, **gone}
    left = [one for one in cases(rule) if one[0] != short]
    assert len(left) == len(list(cases(rule))) - 1
    assert survivors(judge, rule, [(profile(said, judge.facts), want) for said, want in left])


def test_a_rule_ends_with_its_last_day(judge: Judge) -> None:
    rule = judge.library.rules["self-employed-tax"]
    assert [rule.in_force(date(2027, 12, 31)), rule.in_force(date(2028, 1, 1))] == [True, False]
    assert [rule.in_force(date(2023, 1, 1)), rule.in_force(date(2022, 12, 31))] == [True, False]
    verdicts = judge.verdicts({}, date(2028, 1, 1))
    assert "self-employed-tax" not in [one.rule.id for one in verdicts]


def test_not_yet_names_the_day(judge: Judge) -> None:
    known = profile({**CASES["rural-veteran-60"].base, "born": "1967-3"}, judge.facts)
    verdict = judge.verdict(judge.library.rules["rural-veteran-60"], known, TODAY)
    assert (verdict.result, verdict.begins) == ("不符合", date(2027, 3, 31))


@pytest.mark.parametrize(
    ("fact", "said", "read"),
    [
        ("born", "1962", (date(1962, 1, 1), date(1962, 12, 31))),
        ("born", "1962年", (date(1962, 1, 1), date(1962, 12, 31))),
        ("born", "一九六二年三月", (date(1962, 3, 1), date(1962, 3, 31))),
        ("born", "1962年十二月5号", (date(1962, 12, 5), date(1962, 12, 5))),
        ("born", "1962 年 3 月", (date(1962, 3, 1), date(1962, 3, 31))),
        ("grade", "八级", 8),
        ("grade", "记不清了", None),
        ("born", "忘了", None),
    ],
)
def test_answers_are_read_as_people_write_them(
    judge: Judge, fact: str, said: str, read: object
) -> None:
    assert profile({fact: said}, judge.facts).get(fact) == read


def test_a_year_is_enough_where_it_decides(judge: Judge) -> None:
    base = CASES["rural-veteran-60"].base
    year = {said: profile({**base, "born": said}, judge.facts) for said in ("1962", "1966")}
    assert judge.result("rural-veteran-60", year["1962"], TODAY) == "符合"
    assert judge.result("rural-veteran-60", year["1966"], TODAY) == "还差信息"


def test_a_region_holds_whatever_lies_within_it(judge: Judge) -> None:
    test = compiled({"region": "江苏省"}, judge.facts, judge.library.around)
    said = ("如东县", "南通市", "江苏省", "全国")
    found = [test(profile({"region": one}, judge.facts), TODAY) for one in said]
    assert found == [True, True, True, False]
    assert test({}, TODAY) is None


def test_the_month_of_birth_alone_may_leave_an_age_open(judge: Judge) -> None:
    known = profile({**CASES["rural-veteran-60"].base, "born": "1966-11"}, judge.facts)
    assert judge.result("rural-veteran-60", known, TODAY) == "还差信息"


def test_a_day_of_a_leap_year_comes_of_age_on_the_first_of_march() -> None:
    assert later(date(2008, 2, 29), 216) == date(2026, 3, 1)
    assert later(date(2026, 8, 31), 6) == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"identiti": "veteran"}, "不认识“identiti”"),
        ({"identity": "老兵"}, "没有“老兵”这一项"),
        ({"born": "六六年"}, "请写年月"),
        ({"born": "1966-13"}, "请写年月"),
        ({"grade": "11"}, "1 到 10"),
        ({"rural": "maybe"}, "yes、no"),
        ({"born": "1990-1", "enlisted": "1984-10"}, "出生比入伍晚"),
        ({"discharged": "1983-1", "enlisted": "1984-10"}, "入伍比退役晚"),
    ],
)
def test_what_cannot_be_read_is_named(judge: Judge, said: dict[str, str], message: str) -> None:
    with pytest.raises(FactError, match=message):
        profile(said, judge.facts)
