"""What must hold for every person and every order of answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from knowledge.base import Knowledge
from knowledge.eligibility import Judge, Result
from knowledge.facts import Fact, FactError, Profile, profile

TODAY = date(2026, 11, 23)
MOST_QUESTIONS = 8


@pytest.fixture(scope="module")
def judge(knowledge: Knowledge) -> Judge:
    return Judge(knowledge.library)


def values(fact: Fact) -> st.SearchStrategy[str]:
    """Any answer to a fact; dates from 1950 on, to the month or the day."""
    if fact.kind == "yes":
        return st.sampled_from(["yes", "no"])
    if fact.kind == "number":
        return st.integers(fact.lowest, min(fact.highest, 40)).map(str)
    if fact.kind == "date":
        days = st.dates(date(1950, 1, 1), TODAY)
        return st.one_of(days.map(date.isoformat), days.map(lambda day: f"{day:%Y-%m}"))
    return st.sampled_from([option.value for option in fact.options])


def answers(judge: Judge) -> st.SearchStrategy[dict[str, str]]:
    asked = {id: values(fact) for id, fact in judge.facts.items() if fact.asked}
    return st.fixed_dictionaries(asked).map(_one_life)


def _one_life(said: dict[str, str]) -> dict[str, str]:
    """Born, enlisted, discharged: in this order."""
    life = ("born", "enlisted", "discharged")
    return {**said, **dict(zip(life, sorted(said[key] for key in life), strict=True))}


def read(judge: Judge, said: dict[str, str]) -> Profile:
    """The profile; answers that contradict each other are nobody's."""
    try:
        return profile(said, judge.facts)
    except FactError:
        assume(False)
        raise


def results(judge: Judge, known: Profile) -> dict[str, Result]:
    return {id: judge.result(id, known, TODAY) for id in judge.tests}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_more_information_never_turns_a_verdict(judge: Judge, data: st.DataObject) -> None:
    said = data.draw(answers(judge))
    order = data.draw(st.permutations(sorted(said)))
    whole = results(judge, read(judge, said))
    for size in range(0, len(order), 3):
        fewer = results(judge, read(judge, {key: said[key] for key in order[:size]}))
        for rule, result in fewer.items():
            assert result in ("还差信息", whole[rule]), (rule, order[:size])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_the_day_never_turns_what_the_month_decided(judge: Judge, data: st.DataObject) -> None:
    said = data.draw(answers(judge))
    exact = {key: f"{one}-15" if one.count("-") == 1 else one for key, one in said.items()}
    vague, sharp = results(judge, read(judge, said)), results(judge, read(judge, exact))
    for rule, result in vague.items():
        assert result in ("还差信息", sharp[rule]), rule


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_order_of_answers_does_not_matter(judge: Judge, data: st.DataObject) -> None:
    said = data.draw(answers(judge))
    order = data.draw(st.permutations(sorted(said)))
    shuffled = read(judge, {key: said[key] for key in order})
    assert results(judge, shuffled) == results(judge, read(judge, said))


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_only_what_can_still_change_a_result_is_asked(judge: Judge, data: st.DataObject) -> None:
    said: dict[str, str] = {}
    for _ in range(MOST_QUESTIONS):
        fact = judge.next_fact(read(judge, said), said, TODAY)
        if fact is None:
            break
        assert fact.id not in said
        verdicts = judge.verdicts(read(judge, said), TODAY)
        assert any(fact.id in one.missing for one in verdicts)
        said[fact.id] = data.draw(st.one_of(st.just("unknown"), values(fact)))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_every_no_names_what_failed_and_nothing_else_does(
    judge: Judge, data: st.DataObject
) -> None:
    said: dict[str, Any] = data.draw(answers(judge))
    for gone in data.draw(st.sets(st.sampled_from(sorted(said)))):
        del said[gone]
    for verdict in judge.verdicts(read(judge, said), TODAY):
        assert (verdict.failed != ()) is (verdict.result == "不符合")
        assert (verdict.missing != ()) is (verdict.result == "还差信息")
        assert set(verdict.missing).isdisjoint(said)
