"""Groups questions that ask the same, by the characters and pairs they share as the search engine
reads and weighs them. The first question of a group stands for it; order decides, nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from knowledge.postings import UNSEEN
from knowledge.search import Index
from knowledge.text import FACET, grams

ALIKE = 0.55
"""From this much of the weight in common on (Dice), two questions ask the same."""


@dataclass(frozen=True)
class _Read:
    weights: dict[str, float]
    total: float
    values: int


@dataclass
class Groups:
    """Questions put together so far. Keys are the caller's."""

    index: Index
    _leads: dict[int, _Read] = field(default_factory=dict, repr=False)
    _holders: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)

    def start(self, key: int, question: str) -> None:
        """A new group, for which ``question`` stands."""
        self._leads[key] = read = self._read(question)
        for gram in read.weights:
            self._holders[gram].append(key)

    def nearest(self, question: str) -> int | None:
        """The group that asks the same as ``question``: of several the nearest, then the oldest."""
        read, shared = self._read(question), defaultdict[int, float](float)
        for gram, weight in read.weights.items():
            for key in self._holders.get(gram, ()):
                shared[key] += weight
        found = [
            (-near, key)
            for key, common in shared.items()
            if (near := 2 * common / (read.total + self._leads[key].total)) >= ALIKE
            and not _contradict(read.values, self._leads[key].values)
        ]
        return min(found)[1] if found else None

    def _read(self, question: str) -> _Read:
        typed, characters = self.index.read(question), self.index.characters
        foreign = UNSEEN * characters.rarest
        weights = {
            gram: float(characters.weights[number]) if number is not None else foreign
            for gram in grams(typed.plain)
            for number in (characters.vocabulary.get(gram),)
        }
        return _Read(weights, sum(weights.values()), typed.values)


def _contradict(one: int, other: int) -> bool:
    """Whether both say something of the same facet (离队方式 …) and not the same."""
    return any(a and b and not a & b for a, b in zip(_facets(one), _facets(other), strict=True))


def _facets(values: int) -> Iterator[int]:
    for number in range(7):
        yield values >> (FACET * number) & (1 << FACET) - 1
