"""Decides what to do with a question: answer, ask which, say who else handles it, or say that we
do not know.

Every candidate comes with the likelihood that it answers (:mod:`knowledge.doubt`). From
``answer`` on (see ``parameters.yaml``), the best article is given without asking; from ``ask`` on, the
nearest are offered; below, an unknown question at least names the nearest titles. What is nearest to a
question that is known not to be ours is not answered. Region and dates are looked at last.
docs/evaluation.md says how the thresholds were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from knowledge import story
from knowledge.library import Library
from knowledge.parameters import parameters
from knowledge.regions import asked_about as asked_about
from knowledge.regions import holds_in as holds_in
from knowledge.regions import named as named
from knowledge.schema import Article, Validity
from knowledge.search import Match

AnswerStatus = Literal[
    "answered", "unclear", "unknown", "elsewhere", "expired", "flow", "smalltalk"
]
_OFFERED = 3
_CHAT = 30
"""Longer messages are never small talk, whatever a part of them sounds like."""
_TERM = 6
"""Characters of the longest message that may be a term by itself."""
_INTENT, _STRANGER = "intent:", "stranger:"


@dataclass(frozen=True)
class Answer:
    """What was decided: ``id`` of the entry (None if none), the likelihood that it is right, ids to
    offer, the region the question was about if that decided it, and what else the message clearly
    asks (``also``)."""

    status: AnswerStatus
    id: str | None
    score: float
    options: tuple[str, ...] = ()
    region: str | None = None
    also: tuple[str, ...] = ()


def answer(library: Library, text: str, *, region: str | None, today: date) -> Answer:
    """Decide on ``text``, asked by somebody registered in ``region`` (None: unknown)."""
    several = _several(library, text)
    if len(several) < 2:
        return _decide(library, text, region, today)
    first, *others = (_decide(library, one, region, today) for one in several.values())
    return replace(first, also=tuple(dict.fromkeys(one.id for one in others if one.id)))


def _several(library: Library, text: str) -> dict[str, str]:
    """The questions of a message that are each clear by themselves, by the entry they ask for, in
    their order; nothing unless there are two."""
    sentences = story.questions(library.reader, text)
    found: dict[str, str] = {}
    for sentence in sentences if len(sentences) > 1 else ():
        best = library.index.search(sentence, 1)
        if best and best[0].score >= parameters().answer and best[0].id in library.articles:
            found.setdefault(best[0].id, sentence)
    return found


def _decide(library: Library, text: str, region: str | None, today: date) -> Answer:
    if library.reader.asks_nothing(text):
        return Answer("unknown", None, 0.0)
    matches = story.search(library.index, text, general=library.general)
    if len(text) > _CHAT:
        matches = [match for match in matches if not match.id.startswith(_INTENT)]
    if not matches:
        return Answer("unknown", None, 0.0)
    best = matches[0]
    if best.id.startswith(_STRANGER):
        return _strange(library, best, matches)
    if best.score < parameters().ask:
        return _doubtful(matches) if _keyword(library, text, best) else _unknown(matches)
    needed = parameters().answer if best.id in library.articles else parameters().do
    if best.score < needed:
        return _doubtful(matches)
    article = library.articles.get(best.id)
    if article is None:
        return _not_an_article(library, best)
    if other := _somebody_else(library, text, article):
        return Answer("unclear", None, best.score, (other, best.id))
    places = asked_about(library, text, region)
    return _placed_and_dated(library, article, best, places, today)


def _somebody_else(library: Library, text: str, article: Article) -> str | None:
    """The article that says who handles what policemen, teachers or workers ask – if the message
    names such people, says nothing of soldiers, and ``article`` is not about them."""
    others = library.lexicon.others
    named = {word for word in others.words if word in text}
    if not named or article.id == others.article or any(word in text for word in others.unless):
        return None
    said = "".join((article.title, *article.questions, article.answer.summary))
    return None if any(word in said for word in named) else others.article


def _strange(library: Library, best: Match, matches: list[Match]) -> Answer:
    """Known not to be ours: say who handles it if we are sure, or offer what is ours and near."""
    group = library.strangers[best.id.removeprefix(_STRANGER)]
    if best.score >= parameters().answer and group.reply:
        return Answer("smalltalk", best.id, best.score)
    if best.score >= parameters().answer or len(matches) < 2:
        return Answer("unknown", None, best.score)
    return _unknown(matches[1:])


def _keyword(library: Library, text: str, best: Match) -> bool:
    """Whether ``text`` is only a term of ours (安置, 抚恤金): then we ask what about it."""
    plain = library.reader.plain(text)
    return 2 <= len(plain) <= _TERM and plain in library.reader.plain(best.question)


def _unknown(matches: list[Match]) -> Answer:
    """Not known; what comes nearest is named, for the person to judge, never as an answer."""
    near = [match.id for match in matches if match.score >= parameters().near]
    return Answer("unknown", None, matches[0].score, _offered(near))


def _doubtful(matches: list[Match]) -> Answer:
    """Offer the nearest articles and services; small talk is never a candidate."""
    options = _offered([match.id for match in matches])
    status: AnswerStatus = "unclear" if options else "unknown"
    return Answer(status, None, matches[0].score, options)


def _offered(ids: list[str]) -> tuple[str, ...]:
    return tuple(id for id in ids if not id.startswith((_INTENT, _STRANGER)))[:_OFFERED]


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
