"""What stands below an answer."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.inquiry import show_article
from handlers.turn import Situation
from knowledge.base import Knowledge


def buttons(knowledge: Knowledge, id: str, instead: tuple[str, ...]) -> list[str]:
    at = Situation(datetime(2026, 11, 25, tzinfo=UTC), knowledge, lambda _effect: None)
    turn = show_article(knowledge.library.articles[id], at, instead=instead)
    return [one.label for one in turn.replies[-1].choices]


def test_what_may_have_been_meant_comes_before_what_is_related(knowledge: Knowledge) -> None:
    articles = knowledge.library.articles
    id, article = next((id, one) for id, one in articles.items() if len(one.see_also) > 1)
    other = next(one for one in articles if one not in (id, *article.see_also))
    below = buttons(knowledge, id, (other,))
    first = below.index(f"问的是这个？{articles[other].title}")
    assert below[first + 1] == f"看：{articles[article.see_also[0]].title}"
    assert sum("：" in one or "？" in one for one in below) == 2


def test_nothing_stands_there_twice(knowledge: Knowledge) -> None:
    articles = knowledge.library.articles
    id, article = next((id, one) for id, one in articles.items() if len(one.see_also) > 1)
    below = buttons(knowledge, id, article.see_also[:1])
    assert sum(articles[article.see_also[0]].title in one for one in below) == 1
