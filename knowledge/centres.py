"""Every entry as one: how near a query is to all of its questions together."""

from __future__ import annotations

import numpy as np

from knowledge.postings import Floats, Ints, Postings, Weighed


class Centres:
    """Every entry as one: the TF-IDF centroid of its questions, and the grams they hold."""

    def __init__(self, characters: Postings, owner: Ints, entries: int) -> None:
        size = max(1, len(characters.vocabulary))
        owners = np.repeat(owner, np.diff(characters.starts))
        keys, counts = np.unique(owners * size + characters.held, return_counts=True)
        holders, held = keys // size, keys % size
        ways = np.bincount(owner, minlength=entries)[holders]
        self.constancy = _constancy(held, counts, ways, size)
        pull = np.sqrt(counts) * characters.weights[held]
        lengths = np.sqrt(np.bincount(holders, weights=pull * pull, minlength=entries))
        order = np.argsort(held, kind="stable")
        self._entries = entries
        self._holders = holders[order]
        self._pull = (pull / lengths[holders])[order]
        self._first = np.concatenate(([0], np.cumsum(np.bincount(held, minlength=size)))).tolist()

    def views(self, query: Weighed) -> tuple[Floats, Floats]:
        """For every entry: cosine of the query with its centroid, and the share of the query's
        weight that its questions cover together."""
        if not len(query.known):
            nothing = np.zeros(self._entries)
            return nothing, nothing
        slices = [slice(self._first[one], self._first[one + 1]) for one in query.known.tolist()]
        weights = np.repeat(query.weights, [one.stop - one.start for one in slices])
        holders = np.concatenate([self._holders[one] for one in slices])
        pulls = np.concatenate([self._pull[one] for one in slices])
        length = float(np.sqrt((query.weights**2).sum() + query.foreign_length))
        cosine = np.bincount(holders, weights=weights * pulls, minlength=self._entries) / length
        covered = np.bincount(holders, weights=weights, minlength=self._entries) / query.total
        return cosine, covered


_DOUBTED = 4.0
"""So many pairs of questions a gram must be seen in until its own share counts half."""


def _constancy(held: Ints, counts: Ints, ways: Ints, size: int) -> Floats:
    """For every gram the share of an entry's other questions that hold it too where one does: what
    stays when people say the same in other words (优待证) against what comes and goes (怎么)."""
    both = np.bincount(held, weights=counts * (counts - 1.0), minlength=size)
    seen = np.bincount(held, weights=counts * (ways - 1.0), minlength=size)
    common = both.sum() / max(float(seen.sum()), 1.0)
    share: Floats = (both + _DOUBTED * common) / (seen + _DOUBTED)
    return share
