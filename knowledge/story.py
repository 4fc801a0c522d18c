"""Finds the question in a long message: people tell their story first and ask at the end.

The message as a whole and each of its parts are looked up; an entry counts by both, so that the
story's own words neither hide the question nor are ignored. Parts that ask outright weigh most.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from knowledge.search import Index, Match
from knowledge.text import Reader

_STORY = 40
"""From this many characters on, a message is read as a story with a question in it."""
_PARTS = 16
"""Parts that are looked up, at most, so that time stays bounded."""
_LONGEST, _WINDOW, _STEP = 34, 26, 13
"""A clause without stops is read through a window of so many characters."""
_SENTENCE_READ, _OPENING_READ = 60, 200
_WHOLE, _ASIDE, _GENERAL = 0.4, 0.9, 0.75
"""What the whole counts against its best part; what a part counts that does not ask outright; and
what an entry counts that any matter may ask for (where, when, by phone)."""
_SHORTEST = 4
_CLAUSE = re.compile(r"[，,、：:。！？!?；;\n\s]+")
_SENTENCE = re.compile(r"[。！？!?；;\n]+")
_TURN = re.compile(r"[。！？!?；;\n]+|[，,](?=还有|另外|再问|顺便|再就是)")
_OUTRIGHT = re.compile(
    r"想问|请问|咨询|想弄清|我就想|想知道|到底|究竟|主要想|问一下|问问|麻烦|有没有规定|能不能|多少"
    r"|怎么(?:办|领|申请|弄)|可以.{0,8}吗"
)


def search(
    index: Index, text: str, *, general: Collection[str] = (), limit: int = 10
) -> list[Match]:
    """The nearest entries to a message of any length, likeliest first. ``general`` entries give
    way to a matter's own in a story."""
    whole = index.search(text, limit)
    if not is_story(text):
        return whole
    alone, best = {match.id: match.score for match in whole}, dict[str, float]()
    found = {match.id: match for match in whole}
    for part, weight in _parts(index.reader, text):
        for match in index.search(part, limit):
            if (score := match.score * weight) > best.get(match.id, -1.0):
                best[match.id], found[match.id] = score, match
    scores = {
        id: (_WHOLE * alone.get(id, 0.0) + (1 - _WHOLE) * best.get(id, 0.0))
        * (_GENERAL if id in general else 1)
        for id in found
    }
    likeliest = sorted(found, key=lambda id: (-scores[id], id))[:limit]
    return [replace(found[id], score=scores[id]) for id in likeliest]


def is_story(text: str) -> bool:
    """Whether a message is long enough to be a story with a question in it."""
    return len(text) > _STORY


def questions(reader: Reader, text: str) -> list[str]:
    """The sentences of ``text`` that ask something, in their order."""
    sentences = [part.strip() for part in _TURN.split(text)]
    return [part for part in sentences if len(part) >= _SHORTEST and reader.asks(part)]


def _parts(reader: Reader, text: str) -> list[tuple[str, float]]:
    """The parts of a story that may be its question, with their weights, weightiest first."""
    found: dict[str, float] = {}
    for part in _asking(reader, text):
        weight = 1.0 if _OUTRIGHT.search(part) else _ASIDE
        found[part] = max(found.get(part, 0.0), weight)
    found.setdefault(text[:_OPENING_READ], _ASIDE)
    return sorted(found.items(), key=lambda one: -one[1])[:_PARTS]


def _asking(reader: Reader, text: str) -> Iterator[str]:
    """Asking clauses, alone and with the one before; asking sentences; the last two sentences."""
    clauses = [part for clause in _CLAUSE.split(text) for part in _windows(clause)]
    for number, clause in enumerate(clauses):
        if reader.asks(clause):
            yield clause
            yield "".join(clauses[max(0, number - 1) : number + 1])
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    for number, sentence in enumerate(sentences):
        last = number >= len(sentences) - 2
        if last or (reader.asks(sentence) and len(sentence) <= _SENTENCE_READ):
            yield sentence[:_SENTENCE_READ]


def _windows(clause: str) -> list[str]:
    if len(clause) < _SHORTEST:
        return []
    if len(clause) <= _LONGEST:
        return [clause]
    return [clause[at : at + _WINDOW] for at in range(0, len(clause) - _STEP, _STEP)]
