"""Which documents hold which grams, and how much each gram tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNSEEN = 0.55
"""What a gram that no document has counts, against the rarest that one has: it lowers the score
of what is foreign to us without letting a name or a place outweigh the question."""


@dataclass(frozen=True)
class Weighed:
    """The grams of a query: those some document has, with their weights, and the weight of the
    ``foreign`` rest."""

    known: Ints
    weights: Floats
    foreign: float
    strangers: tuple[str, ...]
    total: float
    """Weight of the whole query."""

    @property
    def foreign_length(self) -> float:
        """The squared length of the foreign part."""
        return self.foreign**2 / max(1, len(self.strangers))


@dataclass(frozen=True)
class Cut:
    """Documents cut into grams: each gram's number, and document after document the numbers it
    holds, from ``starts`` on."""

    vocabulary: dict[str, int]
    held: NDArray[np.int32]
    starts: Ints

    @classmethod
    def of(cls, documents: Iterable[Sequence[str]]) -> Cut:
        """``documents`` as lists of grams; a gram counts once in each."""
        vocabulary: dict[str, int] = {}
        number = vocabulary.setdefault
        held: list[int] = []
        starts = [0]
        for document in documents:
            held.extend({number(gram, len(vocabulary)) for gram in document})
            starts.append(len(held))
        return cls(vocabulary, np.array(held, dtype=np.int32), np.array(starts, dtype=np.int64))


class Postings:
    """An immutable inverted index. A gram's weight is its inverse document frequency."""

    def __init__(self, cut: Cut) -> None:
        self.vocabulary, self.held, self.starts = cut.vocabulary, cut.held, cut.starts
        self._invert()

    @property
    def count(self) -> int:
        """How many documents there are."""
        return len(self.starts) - 1

    def weigh(self, grams: Iterable[str]) -> Weighed:
        """The grams of a query with their weights; each counts once."""
        once = dict.fromkeys(grams)
        numbers = list(map(self.vocabulary.get, once))
        strangers: tuple[str, ...] = ()
        if None in numbers:
            strangers = tuple(gram for gram, one in zip(once, numbers, strict=True) if one is None)
        known = np.array([one for one in numbers if one is not None], dtype=np.int64)
        foreign = UNSEEN * self.rarest * len(strangers)
        weights = self.weights[known]
        return Weighed(known, weights, foreign, strangers, float(weights.sum()) + foreign)

    def overlap(self, query: Weighed) -> Floats:
        """For every document: the weight of the query's grams that it holds."""
        return self.spread(query.known, query.weights)

    def spread(self, grams: Ints, weights: Floats) -> Floats:
        """For every document: the sum of ``weights`` over those of ``grams`` that it holds."""
        if not len(grams):
            return np.zeros(self.count)
        first, all_holders = self._first, self._holders
        holders = [all_holders[first[one] : first[one + 1]] for one in grams.tolist()]
        repeated = np.repeat(weights, self._counts[grams])
        found = np.bincount(np.concatenate(holders), weights=repeated, minlength=self.count)
        return found.astype(float, copy=False)

    def rows(self, documents: Ints) -> tuple[Ints, Ints]:
        """The grams of ``documents`` and, beside each, which of them holds it (0, 1, …)."""
        starts, ends = self.starts[documents], self.starts[documents + 1]
        parts = [self.held[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        grams = np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, np.int64)
        return grams, np.repeat(np.arange(len(documents)), ends - starts)

    def _invert(self) -> None:
        size = len(self.vocabulary)
        owners = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.starts))
        counts = self._counts = np.bincount(self.held, minlength=size)
        self._holders = owners[np.argsort(self.held, kind="stable")]
        self._first = np.concatenate(([0], np.cumsum(counts))).tolist()
        self.weights = np.log(1 + self.count / np.maximum(counts, 1))
        self.rarest = float(np.log(1 + max(1, self.count)))
        self.size = np.bincount(owners, weights=self.weights[self.held], minlength=self.count)
