"""A question back says what the likeliest article says, and what tells it from the others."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers import respond
from handlers.asking import which
from handlers.messages import Contact, Update
from handlers.turn import Situation, Turn
from knowledge.answer import Answer
from knowledge.base import Knowledge

PAIR = ("report-deadline", "household-after-discharge")


def turn(knowledge: Knowledge, text: str) -> Turn:
    at = Situation(datetime(2026, 11, 25, tzinfo=UTC), knowledge, lambda _effect: None)
    return respond(Update("1", Contact("web", "a"), text), at)


def test_what_is_likely_is_told_at_once(knowledge: Knowledge) -> None:
    articles = knowledge.library.articles
    said = which(Answer("unclear", None, 0.7, PAIR), knowledge.library)
    assert said.startswith(f"听您说的，多半是这一条：{articles[PAIR[0]].title}。")
    assert articles[PAIR[0]].answer.summary in said
    assert articles[PAIR[1]].answer.summary not in said


def test_what_is_unlikely_is_asked_with_the_conclusion_of_each(knowledge: Knowledge) -> None:
    said = which(Answer("unclear", None, 0.4, PAIR), knowledge.library)
    assert said.startswith("您问的是哪一个？")
    assert all(knowledge.library.articles[id].answer.summary in said for id in PAIR)


def test_the_difference_is_told_by_titles(knowledge: Knowledge) -> None:
    said = which(Answer("unclear", None, 0.7, PAIR), knowledge.library)
    [difference] = [line for line in said.splitlines() if line.startswith("区别：")]
    assert all(f"“{knowledge.library.articles[id].title}”" in difference for id in PAIR)
    assert "一条" not in difference


def test_services_alone_are_asked_by_their_buttons(knowledge: Knowledge) -> None:
    found = Answer("unclear", None, 0.7, ("request:legal-aid",))
    assert which(found, knowledge.library) == "您想办的是不是这件事？"


def test_who_mourns_hears_a_kind_word_whatever_follows(knowledge: Knowledge) -> None:
    for text in ("我爸上个月去世了，抚恤金领到哪个月", "老伴刚走了，她的优待证要不要交回去"):
        assert turn(knowledge, text).replies[0].text.startswith("请节哀。\n\n"), text


def test_in_need_the_service_that_was_meant_comes_before_help_in_general(
    knowledge: Knowledge,
) -> None:
    [reply] = turn(knowledge, "老父亲瘫了，证能到家里来办不").replies
    values = [one.value for one in reply.choices]
    assert values[:2] == ["/request card-home-service", "/request hardship-aid"]
    assert len(values) == len(set(values))
