"""Questions nobody wrote into an article: enough of them, and answered no worse than before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.evaluating import fallen, halves, report
from knowledge.base import Knowledge
from knowledge.evaluation import Verdict, summary

HERE = Path(__file__).parents[1] / "questions"
TODAY = date(2026, 11, 25)
SETS = halves(HERE)
ASKED = [one for questions in SETS.values() for one in questions]


@pytest.fixture(scope="module")
def found(knowledge: Knowledge) -> tuple[dict[str, dict[str, float]], dict[str, list[Verdict]]]:
    return report(knowledge.library, SETS, TODAY)


def test_every_article_has_at_least_four_questions_of_somebody_else(knowledge: Knowledge) -> None:
    counts = dict.fromkeys(knowledge.library.articles, 0)
    for one in ASKED:
        for id in one.gold & counts.keys():
            counts[id] += 1
    assert {id: count for id, count in counts.items() if count < 4} == {}


def test_no_question_stands_in_an_article(knowledge: Knowledge) -> None:
    library = knowledge.library
    plain = library.reader.plain
    written = {plain(text) for one in library.articles.values() for text in one.questions}
    assert [one.text for one in SETS["fit"] + SETS["report"] if plain(one.text) in written] == []


def test_there_are_enough_questions_that_must_not_be_answered() -> None:
    assert len({one.text for one in ASKED if not one.gold}) >= 270


def test_every_right_entry_exists(knowledge: Knowledge) -> None:
    known = set(knowledge.library.index.ids)
    assert [one for one in ASKED if one.gold - known] == []


def test_nothing_is_worse_than_the_baseline(
    found: tuple[dict[str, dict[str, float]], dict[str, list[Verdict]]],
) -> None:
    figures, verdicts = found
    missed = [one.text for own in verdicts.values() for one in own if one.gold and one.wrong]
    assert fallen(HERE, figures) == [], missed


def test_hardly_anything_wrong_is_said_without_asking(
    found: tuple[dict[str, dict[str, float]], dict[str, list[Verdict]]],
) -> None:
    _, verdicts = found
    unseen = summary(verdicts["report"] + verdicts["held"])
    assert unseen["wrong_given"] <= 0.03
    assert unseen["unanswerable_answered"] <= 0.03


@pytest.mark.parametrize(("figure", "least"), [("right_first", 0.92), ("right_offered", 0.97)])
def test_the_right_article_comes_first_and_is_shown_or_offered(
    found: tuple[dict[str, dict[str, float]], dict[str, list[Verdict]]], figure: str, least: float
) -> None:
    figures, _ = found
    assert figures["report"][figure] >= least


def test_what_is_said_to_be_sure_is_right(
    found: tuple[dict[str, dict[str, float]], dict[str, list[Verdict]]],
) -> None:
    _, verdicts = found
    sure = [one for own in verdicts.values() for one in own if one.gold and one.score >= 0.9]
    assert sum(one.right_first for one in sure) / len(sure) >= 0.93
