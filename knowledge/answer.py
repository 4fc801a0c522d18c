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
from knowledge.regions import without
from knowledge.schema import Article, Validity
from knowledge.search import Match
from knowledge.state import awaits_money, speaks_of_soldiers

AnswerStatus = Literal[
    "answered", "unclear", "unknown", "elsewhere", "expired", "flow", "smalltalk"
]
_OFFERED = 3
_CHAT = 30
"""Longer messages are never small talk, whatever a part of them sounds like."""
_BESIDE = 0.4
"""The likelihood from which a question beside a clear one becomes a button."""
_SOLDIERS = 0.5
"""The likelihood from which a question that speaks of soldiers is taken for another's matter; where
nothing is asked, ``do`` is needed."""
_NEXT = 0.2
"""The likelihood from which the article after a given one is named beside it: of those below, one in
forty was right."""
_NAMED = 0.07
"""The same for what is nearest to an unknown question."""
_TALK = 0.5
"""The likelihood from which small talk or a wish is taken for it when no article is near."""
_TERM = 6
"""Characters of the longest message that may be a term by itself."""
_INTENT, _STRANGER = "intent:", "stranger:"


@dataclass(frozen=True)
class Answer:
    """What was decided: ``id`` of the entry (None if none), the likelihood that it is right, ids to
    offer (with an answer: what comes next to it), the region the question was about if that decided
    it, and what else the message clearly asks (``also``)."""

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
    also = [one.id for one in others if one.id and one.id != first.id]
    also += [id for id in several if id != first.id]
    return replace(first, also=tuple(dict.fromkeys((*also, *first.also))))


def _several(library: Library, text: str) -> dict[str, str]:
    """The questions of a message by the article they ask for, the first that is clear by itself in
    front; nothing unless there are two. In a story all of them must be clear."""
    sentences = story.questions(library.reader, text)
    needed = parameters().answer if story.is_story(text) else _BESIDE
    clear: dict[str, str] = {}
    found: dict[str, str] = {}
    for sentence in sentences if len(sentences) > 1 else ():
        best = library.index.search(sentence, 1)
        if best and best[0].score >= needed and best[0].id in library.articles:
            found.setdefault(best[0].id, sentence)
            if best[0].score >= parameters().answer:
                clear.setdefault(best[0].id, sentence)
    return {**clear, **found} if clear else {}


def _decide(library: Library, text: str, region: str | None, today: date) -> Answer:
    if library.reader.asks_nothing(text):
        return Answer("unknown", None, 0.0)
    matches = nearest(library, text)
    if not matches:
        return Answer("unknown", None, 0.0)
    best = matches[0]
    if other := _somebody_else(library, text, best):
        return other
    if best.id.startswith(_STRANGER):
        return _strange(library, text, best, matches)
    if best.score < parameters().ask:
        return _too_far(library, text, matches)
    article, places = library.articles.get(best.id), asked_about(library, text, region)
    there = article is None or all(holds_in(library, article, one) for one in places)
    needed = parameters().answer if article and there else parameters().do
    if best.score < needed:
        return _waited_for(library, text, _doubtful(library, matches))
    if article is None:
        return _not_an_article(library, best)
    found = _placed_and_dated(library, article, best, places, today)
    if found.status == "elsewhere" and found.region:
        near = _holding(library, matches[1:], found.region)
        found = replace(found, options=tuple(dict.fromkeys((*near, *found.options)))[:_OFFERED])
    if found.status == "answered":
        found = replace(found, options=_next_best(library, matches))
    return replace(found, also=_besides(library, text, article))


def nearest(library: Library, text: str) -> list[Match]:
    """The nearest entries to ``text`` or, if that is clearer, to what remains of it without the
    names of places, which are looked at by themselves."""
    found = story.search(library.index, text, general=library.general)
    bare = without(library, text)
    if bare != text and not library.reader.asks_nothing(bare):
        found = _clearer(found, story.search(library.index, bare, general=library.general))
    if len(text) > _CHAT:
        found = [match for match in found if not match.id.startswith(_INTENT)]
    return found


def _clearer(whole: list[Match], bare: list[Match]) -> list[Match]:
    """The surer of two searches; where each has something to say for another entry, both, and
    none of them surely."""
    if not whole or not bare or bare[0].score <= whole[0].score:
        return whole or bare
    if bare[0].id == whole[0].id:
        return [bare[0], *whole[1:]]
    if whole[0].score < parameters().ask:
        return bare
    unsure = parameters().answer - 0.01
    both = [replace(one, score=min(one.score, unsure)) for one in (bare[0], whole[0])]
    return both + [one for one in bare[1:] if one.id != whole[0].id]


def _somebody_else(library: Library, text: str, best: Match) -> Answer | None:
    """Policemen, teachers or workers ask and say nothing of soldiers, or somebody says they are none:
    the article that says who handles it – unless the best article speaks of such people, or is likely
    right all the same."""
    others = library.lexicon.others
    said = left = text.replace("是不是", "")  # 是不是当兵的 is not 不是当兵的
    named = {word for word in others.words if word in said}
    for word in others.always:
        left = left.replace(word, "")
    if speaks_of_soldiers(library.lexicon, left) or not (named or left != said):
        return None
    if left != said:
        return Answer("answered", others.article, best.score)
    if not library.reader.asks(text):
        return None
    article = library.articles.get(best.id)
    if article is not None and article.id != others.article:
        written = "".join((article.title, *article.questions, article.answer.summary))
        if best.score >= parameters().ask and any(word in written for word in named):
            return None
        if best.score >= parameters().answer:
            return Answer("unclear", None, best.score, (others.article, best.id))
    elif article is None and best.score >= parameters().do:
        return None
    return Answer("answered", others.article, best.score)


def _besides(library: Library, text: str, article: Article) -> tuple[str, ...]:
    """What a message also wants that any matter may ask for: somebody's telephone number."""
    wanted = library.lexicon.telephone
    if article.general or not any(word in text for word in wanted.words):
        return ()
    return (wanted.article,)


def _strange(library: Library, text: str, best: Match, matches: list[Match]) -> Answer:
    """Known not to be ours: say who handles it, unless something of ours is near; a wrong word about
    another's matter harms less than a wrong rule, and sounds of words alone stay below ``ask``."""
    group = library.strangers[best.id.removeprefix(_STRANGER)]
    ours = matches[1].score if len(matches) > 1 else 0.0
    soldiers = speaks_of_soldiers(library.lexicon, text)
    needed = parameters().ask
    if soldiers:
        needed = _SOLDIERS if library.reader.asks(text) else parameters().do
    far = ours < parameters().ask or (best.score >= parameters().do and ours < best.score / 2)
    if group.reply and best.score >= needed and far:
        return Answer("smalltalk", best.id, best.score)
    if best.score >= parameters().answer or len(matches) < 2:
        return Answer("unknown", None, best.score)
    return _unknown(matches[1:])


def _too_far(library: Library, text: str, matches: list[Match]) -> Answer:
    """Nothing is near enough to be asked about – but for a term of ours, and for who waits for money."""
    if _keyword(library, text, matches[0]):
        return _doubtful(library, _titled(library, text, matches), least=0.0)
    unknown = _unknown(matches)
    ours = speaks_of_soldiers(library.lexicon, text)
    return _waited_for(library, text, unknown) if ours else unknown


def _keyword(library: Library, text: str, best: Match) -> bool:
    """Whether ``text`` is only a term of ours (安置, 抚恤金): then we ask what about it."""
    plain = library.reader.plain(text)
    return 2 <= len(plain) <= _TERM and plain in library.reader.plain(best.question)


def _titled(library: Library, text: str, matches: list[Match]) -> list[Match]:
    """``matches``, those with the term ``text`` in their titles before the others."""
    term, plain = library.reader.plain(text), library.reader.plain
    return sorted(matches, key=lambda one: term not in plain(library.entry_title(one.id)))


def _unknown(matches: list[Match]) -> Answer:
    """Not known; what comes nearest is named, for the person to judge, never as an answer."""
    near = [match.id for match in matches if match.score >= _NAMED]
    return Answer("unknown", None, matches[0].score, _offered(near))


def _doubtful(library: Library, matches: list[Match], least: float | None = None) -> Answer:
    """Offer the nearest articles and services, as likely as ``least`` (by default, near); small talk
    and wishes are never offered, but taken for such if nothing else is near."""
    best, least = matches[0], parameters().near if least is None else least
    options = _offered([match.id for match in matches if match.score >= least])
    intent = library.intents.get(best.id.removeprefix(_INTENT))
    if (
        intent
        and best.score >= _TALK
        and not any(match.score >= parameters().ask for match in matches if match.id in options)
    ):
        return _not_an_article(library, best)
    status: AnswerStatus = "unclear" if options else "unknown"
    return Answer(status, None, matches[0].score, options)


def _waited_for(library: Library, text: str, found: Answer) -> Answer:
    """Whose money it is may be in doubt; whom to ask when it does not come is said in one article."""
    waiting = library.lexicon.payday.article
    if waiting not in found.options or not awaits_money(library.lexicon, text):
        return found
    others = tuple(id for id in found.options if id != waiting and id in library.articles)
    return Answer("answered", waiting, found.score, others[:1])


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


def _holding(library: Library, matches: list[Match], region: str) -> list[str]:
    """Of the other candidates those that may be right and do hold in ``region``."""
    may_be = [match.id for match in matches if match.score >= parameters().near]
    articles = library.articles
    return [id for id in may_be if id in articles and holds_in(library, articles[id], region)]


def _next_best(library: Library, matches: list[Match]) -> tuple[str, ...]:
    """The article after the one that is given: beside the answer, for who meant that."""
    own = library.articles.keys() - library.general
    return tuple(one.id for one in matches[1:] if one.id in own and one.score >= _NEXT)[:1]


def _wider(library: Library, article: Article, region: str) -> tuple[str, ...]:
    """Related articles that do hold in ``region``."""
    related = (*article.see_also, *(other.id for other in article.not_to_be_confused_with))
    return tuple(
        id
        for id in dict.fromkeys(related)
        if id in library.articles and holds_in(library, library.articles[id], region)
    )[:_OFFERED]
