"""Questions nobody wrote into an article: enough of them, and answered well enough.

The floors are what is reached today, less a little; a change that falls below names the questions.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.answer import Answer, answer
from knowledge.base import Knowledge

HERE = Path(__file__).parents[1] / "questions"
TODAY = date(2026, 11, 23)
FIRST, OFFERED, WRONG, NEGATIVES_ANSWERED = 0.87, 0.92, 0.03, 0.08


def read(path: Path) -> dict[str, list[str]]:
    data: dict[str, list[Any]] = yaml.safe_load(path.read_text("utf-8"))
    return {key: [str(text) for text in texts] for key, texts in data.items()}


ASKED = {
    (id, text)
    for path in HERE.glob("*.yaml")
    if path.stem != "negatives"
    for id, texts in read(path).items()
    for text in texts
}
NEGATIVES = [text for texts in read(HERE / "negatives.yaml").values() for text in texts]


@pytest.fixture(scope="module")
def answers(knowledge: Knowledge) -> dict[tuple[str, str], Answer]:
    return {
        (id, text): answer(knowledge.library, text, region=None, today=TODAY) for id, text in ASKED
    }


def test_every_article_has_at_least_four_questions_of_somebody_else(knowledge: Knowledge) -> None:
    counts = dict.fromkeys(knowledge.library.articles, 0)
    for id, _ in ASKED:
        counts[id] += 1
    assert {id: count for id, count in counts.items() if count < 4} == {}


def test_no_question_stands_in_an_article(knowledge: Knowledge) -> None:
    library = knowledge.library
    plain = library.reader.plain
    written = {plain(text) for one in library.articles.values() for text in one.questions}
    assert [text for _, text in ASKED if plain(text) in written] == []


def test_there_are_enough_questions_that_must_not_be_answered() -> None:
    assert len(set(NEGATIVES)) >= 120


def test_the_right_article_comes_first(knowledge: Knowledge) -> None:
    missed = [
        (id, text)
        for id, text in ASKED
        if (found := knowledge.library.index.search(text, 1)) and found[0].id != id
    ]
    assert len(missed) <= (1 - FIRST) * len(ASKED), missed


def test_the_right_article_is_given_or_offered(answers: dict[tuple[str, str], Answer]) -> None:
    missed = [key for key, one in answers.items() if key[0] not in (one.id, *one.options)]
    assert len(missed) <= (1 - OFFERED) * len(ASKED), missed


def test_a_wrong_article_is_hardly_ever_given(
    knowledge: Knowledge, answers: dict[tuple[str, str], Answer]
) -> None:
    wrong = [
        (key, one.id)
        for key, one in answers.items()
        if one.status == "answered" and one.id in knowledge.library.articles and one.id != key[0]
    ]
    assert len(wrong) <= WRONG * len(ASKED), wrong


def test_what_is_not_ours_is_hardly_ever_answered_as_policy(knowledge: Knowledge) -> None:
    found = {text: answer(knowledge.library, text, region=None, today=TODAY) for text in NEGATIVES}
    wrong = {
        text: one.id
        for text, one in found.items()
        if one.status in ("answered", "expired", "elsewhere") and one.id != "wrong-door"
    }
    assert len(wrong) <= NEGATIVES_ANSWERED * len(NEGATIVES), wrong
