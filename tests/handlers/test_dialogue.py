"""Replayed flows: what an update carries on, what it repeats, what it never does twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.dialogue import Do, Invalid, Progress, Steps, advance, ask, step_back
from handlers.messages import Choice, Contact, Reply, Update
from handlers.questions import Choose, Phone, Text

COLOURS = (Choice("red", "红"), Choice("blue", "蓝色"))


def paint() -> Steps:
    yield Reply("开始")
    colour = yield from ask(Choose("colour", "什么颜色？", COLOURS))
    yield Reply(f"选了 {colour}")
    why = yield from ask(Text("why", "为什么？", minimum=3))
    number = yield Do("ticket", ("open", colour, why))
    yield Reply(f"编号 {number}")


class Talk:
    """Drives a flow, forgetting everything but the record."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.turn: Progress = advance(paint, {}, None, self.perform)

    def perform(self, effect: object) -> int:
        self.done.append(effect)
        return len(self.done)

    def say(self, text: str) -> list[str]:
        record: dict[str, Any] = json.loads(json.dumps(self.turn.record))
        update = Update("u", Contact("terminal", "1"), text)
        self.turn = advance(paint, record, update, self.perform)
        return [reply.text for reply in self.turn.replies]


@pytest.mark.parametrize("said", ["1", "一", "红", "red", "colour=red", "选红的", "红。"])
def test_a_choice_is_taken_by_number_button_or_word(said: str) -> None:
    assert Talk().say(said) == ["选了 red", "为什么？"]


@pytest.mark.parametrize("said", ["绿", "3", "shape=red", ""])
def test_what_fits_no_choice_is_asked_again(said: str) -> None:
    assert Talk().say(said)[-1] == "什么颜色？"


def test_a_choice_too_long_for_a_button_goes_by_its_number() -> None:
    far = Choice("南通经济技术开发区新开街道星湖社区居民委员会北侧", "很远")
    question = Choose("where", "哪里？", (Choice("near", "近"), far))
    values = [choice.value for choice in question.prompt().choices]
    assert values == ["where=near", "where#2"]
    said = Update("u", Contact("terminal", "1"), "where#2")
    assert question.parse(said) == far.value


def test_an_effect_happens_once_in_the_turn_that_records_it() -> None:
    talk = Talk()
    talk.say("1")
    assert talk.say("因为好看") == ["编号 1"]
    assert talk.turn.finished
    advance(paint, talk.turn.record, None, talk.perform)
    assert talk.done == [("open", "red", "因为好看")]


def test_going_back_is_forgetting_the_last_answer() -> None:
    talk = Talk()
    talk.say("1")
    back = advance(paint, step_back(talk.turn.record), None, talk.perform)
    assert [reply.text for reply in back.replies] == ["开始", "什么颜色？"]


def test_a_key_met_twice_is_a_programming_error() -> None:
    def twice() -> Steps:
        yield from ask(Text("same", "一？"))
        yield from ask(Text("same", "二？"))

    with pytest.raises(RuntimeError, match="same"):
        advance(twice, {"same": "x"}, None, lambda _: None)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("13900138000", "13900138000"),
        ("+86 139-0013-8000", "13900138000"),
        ("打我电话139 0013 8000就行", "13900138000"),
        ("0513-86512345", "051386512345"),
    ],
)
def test_phones_people_type(said: str, kept: str) -> None:
    assert Phone("p", "?").parse(Update("u", Contact("t", "1"), said)) == kept


@pytest.mark.parametrize("said", ["12345", "1390013800", "没有电话", "320624195001011234"])
def test_what_is_no_phone_is_refused(said: str) -> None:

    with pytest.raises(Invalid):
        Phone("p", "?").parse(Update("u", Contact("t", "1"), said))
