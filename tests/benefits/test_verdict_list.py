"""The result in groups: for a phone and for paper."""

from __future__ import annotations

from datetime import date

import pytest

from bot.channels.webchat_view import view
from handlers.dialogue import Progress, advance
from handlers.flows.benefits import benefits
from handlers.messages import Contact, Update
from knowledge.base import Knowledge
from knowledge.eligibility import Judge
from knowledge.facts import profile
from knowledge.verdict_list import overview, paper, ranked

TODAY = date(2026, 11, 23)
ZHANG = {
    "identity": "veteran",
    "born": "1962-3",
    "enlisted": "1981-10",
    "rural": "yes",
    "income": "none",
    "rank": "conscript",
    "disability": "none",
}


@pytest.fixture(scope="module")
def judge(knowledge: Knowledge) -> Judge:
    return Judge(knowledge.library)


def test_what_one_gets_comes_first_and_the_most_particular_of_it(judge: Judge) -> None:
    listed = ranked(judge.verdicts(profile(ZHANG, judge.facts), TODAY))
    assert listed[0].rule.id == "rural-veteran-60"
    order = [one.result for one in listed]
    assert order == sorted(order, key=["符合", "还差信息", "不符合"].index)


def test_a_phone_shows_a_few_and_counts_the_rest(judge: Judge) -> None:
    shown = overview(judge.verdicts(profile(ZHANG, judge.facts), TODAY), judge.facts)
    assert "现在就能办（6项）：" in shown
    assert "另有5项，点“全部清单”看" in shown
    assert "是给别的身份的" in shown
    assert max(map(len, shown.split("\n"))) < 80


def test_paper_has_papers_places_reasons_answers_and_sources(judge: Judge) -> None:
    known, library = profile(ZHANG, judge.facts), judge.library
    text = paper(judge.verdicts(known, TODAY), judge.facts, library.articles, known, TODAY)
    for title in (rule.title for rule in library.rules.values()):
        assert title in text
    article = library.articles["rural-veteran-60"].answer
    assert f"带什么：{'；'.join(article.materials)}" in text
    assert f"去哪里：{article.where}" in text
    assert "要“1954年10月31日以前入伍”" in text
    assert "出生年月：1962年3月" in text
    sources = text.split("\n依据：")[1]
    assert sources.count("《军人抚恤优待条例》") == 1
    assert "民发〔2011〕110号" in sources
    assert view({"id": 1, "side": "bot", "text": text})["sourced"]  # it can be printed
    assert text.endswith("仅供参考，以发放部门核定为准。")


def test_kept_answers_whose_form_has_changed_are_asked_anew(knowledge: Knowledge) -> None:
    kept = {"identity": "veteran", "injured": "yes", "gone": "1", "disability": "none"}

    def say(record: dict[str, str], text: str | None) -> Progress:
        update = Update("1", Contact("test", "1"), text) if text else None
        start = {"today": "2026-11-23", "profile": kept}
        return advance(lambda: benefits(knowledge), record, update, lambda _effect: start)

    record = say(say({}, None).record, "我自己").record
    asked = say(record, "接着用").replies[-1].text
    assert asked.endswith("退役时是哪种安置方式？")
