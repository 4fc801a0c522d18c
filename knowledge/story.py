"""Finds the question in a long message: people tell their story first and ask at the end.

The message as a whole and each of its parts are looked up; an entry counts by both, so that the
story's own words neither hide the question nor are ignored. Parts that ask outright weigh most.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from knowledge.parameters import parameters
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
    way to a matter's own in a story. Once nothing can change any more which entry is surely the
    first, no more parts are looked up."""
    whole = index.search(text, limit)
    if not is_story(text):
        return whole
    told = _Told(whole, general)
    for part, weight in _parts(index.reader, text):
        if told.decided(weight):
            break
        told.hear(index.search(part, limit), weight)
    return told.likeliest(limit)


class _Told:
    """What the message as a whole and its parts, so far, say for each entry."""

    def __init__(self, whole: Sequence[Match], general: Collection[str]) -> None:
        self._general = general
        self._alone = {match.id: match.score for match in whole}
        self._best = dict.fromkeys(self._alone, 0.0)
        self._found = {match.id: match for match in whole}

    def hear(self, part: Sequence[Match], weight: float) -> None:
        """A part that counts ``weight``."""
        for match in part:
            score = match.score * weight
            if match.id not in self._found or score > self._best[match.id]:
                self._best[match.id], self._found[match.id] = score, match

    def decided(self, weight: float) -> bool:
        """Whether no part that counts ``weight`` or less can overtake what is sure already."""
        if not self._found:
            return False
        first = max(self._found, key=self._score)
        if self._score(first) < parameters().answer:
            return False
        most = {id: max(weight, best) for id, best in self._best.items() if id != first}
        others = [self._worth(id, best) for id, best in most.items()]
        return self._score(first) > max((*others, (1 - _WHOLE) * weight))

    def likeliest(self, limit: int) -> list[Match]:
        """The entries, likeliest first."""
        scores = {id: self._score(id) for id in self._found}
        first = sorted(scores, key=lambda id: (-scores[id], id))[:limit]
        return [replace(self._found[id], score=scores[id]) for id in first]

    def _score(self, id: str) -> float:
        return self._worth(id, self._best[id])

    def _worth(self, id: str, best: float) -> float:
        whole = _WHOLE * self._alone.get(id, 0.0) + (1 - _WHOLE) * best
        return whole * (_GENERAL if id in self._general else 1)


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
