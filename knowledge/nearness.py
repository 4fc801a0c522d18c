"""Compares a question closely with a shortlist of known ones, feature by feature.

Every feature is a number around 0 to 1 that means the same for 50 entries as for 100,000; what
each counts is learned (:mod:`knowledge.parameters`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from knowledge.postings import UNSEEN, Floats, Ints
from knowledge.text import FACET

if TYPE_CHECKING:
    from knowledge.search import Index, Typed

FEATURES = (
    "dice",  # weighted Dice over characters and pairs, in standard terms
    "centre",  # cosine with the TF-IDF centroid of the entry
    "covered",  # share of the query's weight that the entry's questions hold together
    "body",  # share of the query's weight that the entry's text holds
    "meaning",  # cosine of embeddings, where a model is set; nought otherwise
    "twice",  # mean Dice of the entry's two nearest questions
    "asked",  # share of the query's characters, weighed, that the question holds
    "needed",  # share of the question's characters, weighed, that the query holds
    "kept",  # as asked, weighed by what stays when people say it in other words
    "keeps",  # as needed, likewise
    "telling",  # share of what tells the shortlisted entries apart
    "classified",  # ridge regression trained on the shortlist
    "ratio",  # RapidFuzz's ratio, as typed
    "run",  # common subsequence, as a share of the query
    "filled",  # common subsequence, as a share of the question
    "length",  # how far the lengths are apart
    "conflict",  # facets where both say something, and not the same
    "agreed",  # facets where both say the same
    "unsaid",  # facets where the query says something and the question nothing
)
_RIDGE = 3.0


@dataclass(frozen=True)
class Shortlist:
    """Known questions near the query, their entries, and a row of features for each."""

    questions: Ints
    owners: Ints
    table: Floats

    @cached_property
    def ways(self) -> Mapping[int, list[int]]:
        """The listed questions of every entry, nearest first."""
        found: dict[int, list[int]] = {}
        for owner, one in zip(self.owners.tolist(), self.questions.tolist(), strict=True):
            found.setdefault(owner, []).append(one)
        return found


def compare(index: Index, typed: Typed, best: Ints, given: Sequence[Floats]) -> Shortlist:
    """The shortlist ``best`` with all its features; ``given`` are the first five."""
    owners = index.owner[best]
    if not len(best):
        return Shortlist(best, owners, np.zeros((0, len(FEATURES))))
    order: dict[int, int] = {}
    entry = np.array([order.setdefault(one, len(order)) for one in owners.tolist()])
    grid = _Grid(index, typed, best)
    columns = [
        *given,
        _twice(given[0], entry, [len(index.questions(one)) for one in order]),
        *grid.shares(),
        grid.telling(entry, len(order)),
        grid.classified(entry, len(order)),
        *_strings(index, typed, best),
        *_facets(typed.values, index.values[best]),
    ]
    return Shortlist(best, owners, np.array(columns).T)


class _Grid:
    """Which shortlisted question holds which gram."""

    def __init__(self, index: Index, typed: Typed, best: Ints) -> None:
        postings = index.characters
        self._query = typed.grams
        grams, row = postings.rows(best)
        met = np.zeros(len(postings.weights), bool)
        met[grams] = True
        self._local = np.flatnonzero(met)
        place = np.empty(len(met), np.int64)
        place[self._local] = np.arange(len(self._local))
        self._weights = postings.weights[self._local]
        self._held = np.zeros((len(best), len(self._local)))
        self._held[row, place[grams]] = 1.0
        self._shared = met[typed.grams.known]
        self._place = place[typed.grams.known[self._shared]]
        self._query_held = self._held[:, self._place]
        self._squares = self._weights**2
        self._index = index

    def shares(self) -> tuple[Floats, Floats, Floats, Floats]:
        """``asked``, ``needed``, ``kept`` and ``keeps``: over characters only, which survive
        swapping."""
        index, known = self._index, self._query.known
        lone = sum(len(gram) == 1 for gram in self._query.strangers)
        rare = UNSEEN * index.characters.rarest * lone
        mine = index.told[:, known]
        theirs = index.told[:, self._local]
        shared = self._query_held @ mine[:, self._shared].T
        asked = shared / np.maximum(mine.sum(axis=1) + rare, 1e-9)
        needed = shared / np.maximum(self._held @ theirs.T, 1e-9)
        return asked[:, 0], needed[:, 0], asked[:, 1], needed[:, 1]

    def telling(self, entry: Ints, entries: int) -> Floats:
        """What all entries on the list share tells nothing; what few have tells much."""
        if not len(self._place):
            return np.zeros(len(entry))
        member = np.equal.outer(np.arange(entries), entry)
        held = np.minimum(member @ self._query_held, 1.0)
        weights = self._query.weights[self._shared] * np.log(1 + entries / held.sum(axis=0))
        share: Floats = (held @ weights / max(float(weights.sum()), 1e-9))[entry]
        return share

    def classified(self, entry: Ints, entries: int) -> Floats:
        """Kernel ridge regression on the shortlist itself, one class an entry: a classifier that
        is trained for this very decision, at any size of the index."""
        kernel = (self._held * self._squares) @ self._held.T
        lengths = np.sqrt(kernel.diagonal()) + 1e-9
        kernel /= lengths[:, None] * lengths
        kernel.flat[:: len(kernel) + 1] += _RIDGE
        mine = self._query.weights**2
        length = float(np.sqrt(mine.sum() + self._query.foreign_length)) + 1e-9
        near = self._query_held @ mine[self._shared] / (lengths * length)
        pull = np.linalg.solve(kernel, near)
        share = np.bincount(entry, weights=pull, minlength=entries)[entry]
        return share.astype(float, copy=False)


def _twice(dice: Floats, entry: Ints, questions: Sequence[int]) -> Floats:
    """Two near questions are surer than one; an entry that has only one stands for itself."""
    near, owners = dice.tolist(), entry.tolist()
    seen: dict[int, list[float]] = {}
    for one in sorted(range(len(near)), key=lambda one: -near[one]):
        seen.setdefault(owners[one], []).append(near[one])
    mean = {one: sum(found[:2]) / min(2, questions[one]) for one, found in seen.items()}
    return np.array([mean[one] for one in owners])


def _strings(index: Index, typed: Typed, best: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    known = [index.folded[one] for one in best.tolist()]
    said, alike, run = typed.folded, fuzz.ratio, LCSseq.similarity
    ratio = np.array([alike(said, one) for one in known], np.float32) / np.float32(100)
    common = np.array([run(said, one) for one in known], float)
    mine, theirs = max(1, len(typed.folded)), np.maximum(index.lengths[best], 1)
    apart = np.minimum(1.0, np.abs(mine - theirs) / mine)
    return ratio.astype(float), common / mine, common / theirs, apart


def _facets(mine: int, theirs: Ints) -> tuple[Floats, Floats, Floats]:
    conflict, agreed, unsaid = np.zeros((3, len(theirs)))
    facet = 0
    while mine >> facet:
        mask = ((1 << FACET) - 1) << facet
        if wanted := mine & mask:
            said = theirs & mask
            agreed += (said & wanted) != 0
            conflict += (said != 0) & ((said & wanted) == 0)
            unsaid += said == 0
        facet += FACET
    return conflict, agreed, unsaid
