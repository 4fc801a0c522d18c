"""The nearest entry first, with a score that means the same for every question."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Knowledge
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

READER = Reader.of(Lexicon(synonyms={"优待证": ("优代证",)}))
INDEX = Index(
    {
        "apply": ("优待证怎么申请", "办优待证要带什么", "在哪里办优待证"),
        "lost": ("优待证丢了怎么补办", "优待证掉了", "证件遗失补领"),
        "bus": ("坐公交车免费吗", "老兵坐地铁要不要钱"),
        "request:job": ("帮我找工作", "想登记求职"),
        "intent:thanks": ("谢谢",),
    },
    READER,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("优待证丢了怎么补办", "lost"),
        ("丢了优待证，补办怎么弄", "lost"),
        ("怎么申请优待证", "apply"),
        ("坐公交免费不", "bus"),
        ("给我找个工作", "request:job"),
        ("优代证怎么申请", "apply"),
    ],
)
def test_the_nearest_entry_comes_first(text: str, wanted: str) -> None:
    assert INDEX.search(text)[0].id == wanted


def test_a_question_written_in_an_entry_scores_near_one() -> None:
    best = INDEX.search("优待证丢了怎么补办")[0]
    assert best.question == "优待证丢了怎么补办"
    assert best.score > 0.85


def test_what_is_remembered_is_what_was_looked_up() -> None:
    first = INDEX.search("优待证 丢了咋办")
    first.clear()  # who got it may do with it what he likes
    assert tuple(INDEX.search("优待证 丢了咋办")) == INDEX.look_up("优待证 丢了咋办") != ()


def test_foreign_words_lower_the_score() -> None:
    asked = INDEX.search("坐公交车免费吗")[0].score
    foreign = INDEX.search("坐公交车去看电影看演唱会吃火锅")[0].score
    assert foreign < asked / 2


def test_what_shares_nothing_finds_nothing() -> None:
    assert INDEX.search("xyzzy") == []
    assert INDEX.search("") == []
    assert Index({}, READER).search("优待证") == []


def test_an_entry_is_listed_once_and_no_more_than_asked_for() -> None:
    found = [match.id for match in INDEX.search("优待证", limit=2)]
    assert sorted(found) == ["apply", "lost"]


@given(st.text(alphabet="优待证丢了怎么办公交车坐ab，？ ", max_size=80))
def test_scores_lie_between_nought_and_one_in_falling_order(text: str) -> None:
    scores = [match.score for match in INDEX.search(text)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1.000001 for score in scores)


def test_the_same_question_always_finds_the_same() -> None:
    assert INDEX.search("优待证怎么办") == INDEX.search("优待证怎么办")


def test_every_shipped_question_finds_its_own_entry(knowledge: Knowledge) -> None:
    library = knowledge.library
    entries = {id: one.questions for id, one in library.articles.items()}
    entries |= {f"request:{id}": one.questions for id, one in library.services.items()}
    entries |= {f"intent:{id}": one.questions for id, one in library.intents.items()}
    missed = [
        (id, text, found[0].id if found else None)
        for id, questions in entries.items()
        for text in questions
        if not (found := library.index.search(text, 1)) or found[0].id != id
    ]
    assert missed == []


def test_ten_thousand_characters_are_answered_in_bounded_time(knowledge: Knowledge) -> None:
    start = time.process_time()
    knowledge.library.index.search("我是退伍军人，想问优待证怎么办？" * 700)
    assert time.process_time() - start < 1
