"""Decides what to do with a question: answer, ask which, say who else handles it, or say that we
do not know.

How sure we are is the best score plus one and a half times its lead over the second: a lead tells
more than height. From ``ANSWER`` on, the best article is given without asking, unless another is within
``MARGIN``; from ``ASK`` on, the nearest are offered; from ``NEAR`` on, an unknown question at
least names the nearest titles. Chosen so that paraphrases nobody wrote into the articles are
answered while questions that only share our words (ships that retire, streets named 双拥) are not.
Region and dates are looked at last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from knowledge.load import Library
from knowledge.schema import Article, Validity
from knowledge.search import Match

AnswerStatus = Literal[
    "answered", "unclear", "unknown", "elsewhere", "expired", "flow", "smalltalk"
]
ANSWER, ASK, MARGIN, NEAR = 0.65, 0.38, 0.035, 0.26
_OFFERED = 3
_CHAT = 30
"""Longer messages are never small talk, whatever a part of them sounds like."""
_NATION = "全国"


@dataclass(frozen=True)
class Answer:
    """What was decided: ``id`` of the entry (None if none), its score, ids to offer, and the
    region the question was about if that decided it."""

    status: AnswerStatus
    id: str | None
    score: float
    options: tuple[str, ...] = ()
    region: str | None = None


def answer(library: Library, text: str, *, region: str | None, today: date) -> Answer:
    """Decide on ``text``, asked by somebody registered in ``region`` (None: unknown)."""
    if library.reader.asks_nothing(text):
        return Answer("unknown", None, 0.0)
    matches = library.index.search(text)
    if len(text) > _CHAT:
        matches = [match for match in matches if not match.id.startswith("intent:")]
    if not matches or matches[0].score < ASK:
        return _unknown(matches)
    best, rivals = matches[0], _rivals(matches)
    if _certainty(matches) < ANSWER or rivals:
        return _doubtful(library, matches, rivals)
    article = library.articles.get(best.id)
    if article is None:
        return _not_an_article(library, best)
    return _placed_and_dated(library, article, best, named(library, text) or region, today)


def named(library: Library, text: str) -> str | None:
    """The region that ``text`` names most precisely; None if it names none."""
    found: list[tuple[int, str]] = []
    for name, region in library.regions.items():
        for word in (name, *region.aliases):
            if word in text and name != _NATION:
                found.append((len(word), name))
    return max(found)[1] if found else None


def holds_in(library: Library, article: Article, region: str) -> bool:
    """Whether the article is valid for somebody of ``region``: it is written for that region, for
    one around it, or – where only the wider place is known – for one inside it."""
    return article.region in _around(library, region) or (
        article.region != region and region in _around(library, article.region)
    )


def _around(library: Library, region: str) -> list[str]:
    chain: list[str] = []
    name: str | None = region
    while name is not None and name not in chain:
        chain.append(name)
        found = library.regions.get(name)
        name = found.within if found else None
    return chain


def _unknown(matches: list[Match]) -> Answer:
    """Not known; what comes nearest is named, for the person to judge, never as an answer."""
    near = [m.id for m in matches if m.score >= NEAR and not m.id.startswith("intent:")]
    return Answer("unknown", None, matches[0].score if matches else 0.0, tuple(near[:_OFFERED]))


def _certainty(matches: list[Match]) -> float:
    best, second = matches[0].score, matches[1].score if len(matches) > 1 else 0.0
    return best + 1.5 * (best - second)


def _rivals(matches: list[Match]) -> list[Match]:
    best = matches[0]
    return [match for match in matches[1:] if best.score - match.score < MARGIN]


def _doubtful(library: Library, matches: list[Match], rivals: list[Match]) -> Answer:
    """Offer the nearest articles and services; small talk is never a candidate."""
    floor = max(ASK * 0.85, matches[0].score - 0.15)
    near = [m for m in (rivals and [matches[0], *rivals]) or matches if m.score >= floor]
    options = tuple(m.id for m in near if not m.id.startswith("intent:"))[:_OFFERED]
    if not options:
        return Answer("unknown", None, matches[0].score, options)
    return Answer("unclear", None, matches[0].score, options)


def _not_an_article(library: Library, best: Match) -> Answer:
    intent = library.intents.get(best.id.removeprefix("intent:"))
    if intent is not None and intent.reply is not None:
        return Answer("smalltalk", best.id, best.score)
    return Answer("flow", best.id, best.score)


def _placed_and_dated(
    library: Library, article: Article, best: Match, region: str | None, today: date
) -> Answer:
    if region is not None and not holds_in(library, article, region):
        wider = _wider(library, article, region)
        return Answer("elsewhere", best.id, best.score, wider, region)
    if article.validity(today) is Validity.REPEALED:
        replaced = (article.replaced_by,) if article.replaced_by else ()
        return Answer("expired", best.id, best.score, replaced)
    return Answer("answered", best.id, best.score)


def _wider(library: Library, article: Article, region: str) -> tuple[str, ...]:
    """Related articles that do hold in ``region``."""
    related = (*article.see_also, *(other.id for other in article.not_to_be_confused_with))
    return tuple(
        id
        for id in dict.fromkeys(related)
        if id in library.articles and holds_in(library, library.articles[id], region)
    )[:_OFFERED]
