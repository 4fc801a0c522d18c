"""The question is found in the story around it, in bounded time."""

from __future__ import annotations

import time

import pytest

from knowledge import story
from knowledge.base import Knowledge
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

READER = Reader.of(Lexicon())
INDEX = Index(
    {
        "apply": ("优待证怎么申请", "办优待证要带什么", "在哪里办优待证"),
        "rural": ("农村老兵的补助怎么领", "种田的老兵六十岁有补助吗"),
        "where": ("该去哪个部门办", "找哪个单位"),
    },
    READER,
)
STORY = "我父亲一九六五年当兵，在部队干了五年，回来一直种地，去年生病花了很多钱。农村老兵的补助怎么领？谢谢"


def test_the_question_at_the_end_of_a_story_decides() -> None:
    assert story.search(INDEX, STORY)[0].id == "rural"


def test_a_story_without_a_single_stop_is_read_through_a_window() -> None:
    run_on = "我父亲一九六五年当兵在部队干了五年回来一直种地去年生病花了很多钱想问问农村老兵的补助怎么领才好"
    assert story.search(INDEX, run_on)[0].id == "rural"


def test_what_any_matter_may_ask_gives_way_in_a_story() -> None:
    told = STORY + "，该去哪个部门办"
    usual, yielding = (
        {match.id: match.score for match in story.search(INDEX, told, general=general)}
        for general in ((), ("where",))
    )
    assert yielding["where"] == pytest.approx(usual["where"] * 0.75)
    assert story.search(INDEX, told, general=("where",))[0].id == "rural"


def test_a_short_question_is_looked_up_as_it_is() -> None:
    assert story.search(INDEX, "优待证怎么申请") == INDEX.search("优待证怎么申请")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("优待证怎么办？坐公交要钱吗？谢谢", ["优待证怎么办", "坐公交要钱吗"]),
        ("怎么申请优待证，另外补助多少", ["怎么申请优待证", "另外补助多少"]),
        ("我当过兵。想回家。", []),
    ],
)
def test_the_questions_of_a_message_are_told_apart(text: str, asked: list[str]) -> None:
    assert story.questions(READER, text) == asked


def test_ten_thousand_characters_are_answered_in_bounded_time(knowledge: Knowledge) -> None:
    started = time.process_time()
    story.search(knowledge.library.index, "我想问优待证怎么办？" * 1000)
    assert time.process_time() - started < 2
