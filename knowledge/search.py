"""Finds the entries whose ways of asking are nearest to a question.

Four views of nearness, each between 0 and 1 and comparable across questions, are added up:

* ``question`` – weighted Dice over characters and bigrams with the entry's best question;
* ``entry`` – share of the query's weight that the entry's questions cover together;
* ``centre`` – cosine with the entry's TF-IDF centroid;
* ``fuzz`` – RapidFuzz on bigrams with the best question (its token functions split on spaces,
  so the bigrams are joined by spaces; on raw Chinese they mislead).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from knowledge.text import Reader, grams

_QUESTION, _ENTRY, _CENTRE, _FUZZ = 0.35, 0.25, 0.2, 0.2
_UNSEEN = 0.55
"""What a gram no entry has counts, against the rarest gram that one has: it lowers the score of
what is foreign to us without letting a name or a place outweigh the question."""
_SHORTLIST = 24
_STORY_DISCOUNT = 0.97
"""A part of a story is slightly less certain than a question asked alone."""


@dataclass(frozen=True)
class Match:
    """An entry, how near it is (0 to 1), and its question that came nearest."""

    id: str
    score: float
    question: str


class Index:
    """An immutable index over entries and their ways of asking."""

    def __init__(self, entries: Mapping[str, Sequence[str]], reader: Reader) -> None:
        self._reader = reader
        self._ids = list(entries)
        self._owner: list[int] = []
        self._asked: list[str] = []
        self._joined: list[str] = []
        self._postings: dict[str, list[int]] = defaultdict(list)
        for number, questions in enumerate(entries.values()):
            for question in questions:
                self._add(number, question)
        self._weigh()

    def search(self, text: str, limit: int = 10) -> list[Match]:
        """The nearest entries, best first; of a long story, by its most telling part."""
        parts = self._reader.segments(text)
        best: dict[str, Match] = {}
        for part in parts:
            for match in self._search(part, limit):
                score = match.score * (_STORY_DISCOUNT if len(parts) > 1 else 1.0)
                if match.id not in best or best[match.id].score < score:
                    best[match.id] = Match(match.id, score, match.question)
        return sorted(best.values(), key=lambda match: (-match.score, match.id))[:limit]

    def _add(self, number: int, question: str) -> None:
        plain = self._reader.plain(question)
        document = len(self._owner)
        self._owner.append(number)
        self._asked.append(question)
        self._joined.append(_join(plain))
        for gram in set(grams(plain)):
            self._postings[gram].append(document)

    def _weigh(self) -> None:
        documents = max(1, len(self._owner))
        self._weight = {
            gram: math.log(1 + documents / len(found)) for gram, found in self._postings.items()
        }
        self._unseen = _UNSEEN * math.log(1 + documents)
        self._size = [0.0] * len(self._owner)
        centres: dict[int, Counter[str]] = defaultdict(Counter)
        for gram, found in self._postings.items():
            for document in found:
                self._size[document] += self._weight[gram]
                centres[self._owner[document]][gram] += 1
        self._entries: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, counts in centres.items():
            pull = {gram: math.sqrt(n) * self._weight[gram] for gram, n in counts.items()}
            length = math.sqrt(sum(value * value for value in pull.values()))
            for gram, value in pull.items():
                self._entries[gram].append((number, value / length))

    def _search(self, text: str, limit: int) -> list[Match]:
        plain = self._reader.asked(text)
        weights = {gram: self._weight.get(gram, self._unseen) for gram in set(grams(plain))}
        total = sum(weights.values())
        if not total:
            return []
        question = self._best_questions(weights, total)
        entry, centre = self._entry_views(weights, total)
        rough = {
            number: _QUESTION * dice + _ENTRY * entry[number] + _CENTRE * centre[number]
            for number, (dice, _) in question.items()
        }
        shortlist = sorted(rough, key=lambda number: -rough[number])[: max(_SHORTLIST, limit)]
        joined = _join(plain)
        matches = []
        for number in shortlist:
            document = question[number][1]
            near = fuzz.token_sort_ratio(joined, self._joined[document]) / 100
            matches.append(
                Match(self._ids[number], rough[number] + _FUZZ * near, self._asked[document])
            )
        return sorted(matches, key=lambda match: (-match.score, match.id))[:limit]

    def _best_questions(
        self, weights: Mapping[str, float], total: float
    ) -> dict[int, tuple[float, int]]:
        """For each entry: the Dice nearness of its best question, and which that is."""
        shared: dict[int, float] = defaultdict(float)
        for gram, weight in weights.items():
            for document in self._postings.get(gram, ()):
                shared[document] += weight
        best: dict[int, tuple[float, int]] = {}
        for document, overlap in shared.items():
            dice = 2 * overlap / (total + self._size[document])
            number = self._owner[document]
            if number not in best or best[number][0] < dice:
                best[number] = (dice, document)
        return best

    def _entry_views(
        self, weights: Mapping[str, float], total: float
    ) -> tuple[dict[int, float], dict[int, float]]:
        """For each entry: the share of the query it covers, and the cosine with its centre."""
        covered: dict[int, float] = defaultdict(float)
        cosine: dict[int, float] = defaultdict(float)
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        for gram, weight in weights.items():
            for number, pull in self._entries.get(gram, ()):
                covered[number] += weight / total
                cosine[number] += weight * pull / length
        return covered, cosine


def _join(plain: str) -> str:
    return " ".join(plain[i : i + 2] for i in range(max(1, len(plain) - 1)))
