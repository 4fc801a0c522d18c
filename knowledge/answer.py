"""Decides what to do with a question: answer, ask which, say who else handles it, or say that we
do not know.

How sure we are is the best score plus one and a half times its lead over the second: a lead tells
more than height. From ``ANSWER`` on, the best article is given without asking, unless another is within
``MARGIN``; from ``ASK`` on, the nearest are offered; from ``NEAR`` on, an unknown question at
least names the nearest titles. Chosen so that paraphrases nobody wrote into the articles are
answered while questions that only share our words (ships that retire, streets named 双拥) are not.
Region and dates are looked at last.

Measured over ``tests/questions`` (492 paraphrases, 120 that are not ours; 2026-11-23), in percent:

======  ======  ========  =====  ================
ANSWER  given   or asked  wrong  not ours, given
======  ======  ========  =====  ================
0.50    73.2    93.5      3.0    12.5
0.60    67.3    94.3      2.0    12.5
0.65    62.0    94.3      2.0    6.7
0.70    54.9    95.1      1.2    2.5
0.80    40.7    95.7      0.6    1.7
======  ======  ========  =====  ================

0.65 is where strangers' questions halve without asking back more than a third of our own.
``MARGIN`` hardly matters once the lead counts (0 to 0.07: wrong 2.2 to 1.4); it keeps ties asked.
"""

from __future__ import annotations

import re
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
_NO_STREET = r"(?![东西南北中]?(?:路|大街|大道))"


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
    places = asked_about(library, text, region)
    return _placed_and_dated(library, article, best, places, today)


def named(library: Library, text: str) -> tuple[str, ...]:
    """The regions that ``text`` names, in its order, without those around another one named:
    江苏南京 is 南京市. A street (上海路) is no region."""
    words = {
        word: name
        for name, region in library.regions.items()
        for word in (name, *region.aliases)
        if name != _NATION
    }
    if not words:
        return ()
    longest = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    simplified = text.translate(library.reader.traditional)
    found = dict.fromkeys(
        words[one.group(1)] for one in re.finditer(f"({longest}){_NO_STREET}", simplified)
    )
    wider = {name for one in found for name in _around(library, one)[1:]}
    return tuple(name for name in found if name not in wider)


def asked_about(library: Library, text: str, region: str | None) -> tuple[str, ...]:
    """The regions a question is about: those it names, or else the one its asker is registered
    in; that one too if the question names only what lies around it."""
    places = named(library, text)
    if region is not None and all(place in _around(library, region) for place in places):
        return (region,)
    return places


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
    library: Library, article: Article, best: Match, places: tuple[str, ...], today: date
) -> Answer:
    """One place where the article does not hold is enough to say so: 南通的老兵在苏州坐公交
    must not get the rule of 南通."""
    for place in places:
        if not holds_in(library, article, place):
            wider = _wider(library, article, place)
            return Answer("elsewhere", best.id, best.score, wider, place)
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
