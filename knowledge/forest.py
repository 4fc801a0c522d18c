"""Boosted decision trees, evaluated without the library that grew them.

``doubt.json`` is written by ``benchmarks/fit_search.py`` (scikit-learn's histogram gradient boosting,
with monotonic constraints: nearer never means less likely). Every tree is five rows of numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.postings import Floats

FILE = Path(__file__).with_name("doubt.json")


LEAVES = 8
"""Leaves of one tree at most, so that one byte says which of them can still be reached."""
_ALL = (1 << LEAVES) - 1
_FIRST = np.array([(~one & -~one).bit_length() - 1 for one in range(_ALL)])
"""The lowest bit that is not set."""


@dataclass(frozen=True)
class Forest:
    """Every inner node of every tree at once: one that is not passed to the left strikes out the
    leaves to its left, and of those that remain the leftmost is where the tree ends (QuickScorer,
    Lucchese et al., SIGIR 2015). Rows are nodes, columns are trees."""

    sign: NDArray[np.int64]
    threshold: Floats
    struck: NDArray[np.uint8]
    value: Floats
    places: NDArray[np.int64]
    bias: float

    def likelihood(self, signs: Floats) -> Floats:
        """The probability for every row of ``signs``."""
        above = signs.take(self.sign, axis=1) > self.threshold
        gone = np.bitwise_or.reduce(above * self.struck, axis=1)
        raw = self.bias + self.value.take(_FIRST[gone] + self.places).sum(axis=1)
        chance: Floats = 1 / (1 + np.exp(-raw))
        return chance


@cache
def forest(names: tuple[str, ...], file: Path = FILE) -> Forest:
    """The trees of ``file`` for signs in the order of ``names``. Raises ValueError if it was grown
    on other signs."""
    given = json.loads(file.read_text("utf-8"))
    if tuple(given["signs"]) != names:
        raise ValueError(f"{file.name} was grown on other signs; run benchmarks/fit_search.py")
    return _planted(given)


def _planted(given: Mapping[str, Any]) -> Forest:
    trees = len(given["roots"])
    sign = np.zeros((LEAVES - 1, trees), np.int64)
    threshold = np.full((LEAVES - 1, trees), np.inf)
    struck = np.zeros((LEAVES - 1, trees), np.uint8)
    value = np.zeros((trees, LEAVES))
    for tree, root in enumerate(given["roots"]):
        leaves: list[float] = []
        nodes: list[tuple[int, float, int]] = []
        _walk(given, root, leaves, nodes)
        value[tree, : len(leaves)] = leaves
        for row, (one, limit, gone) in enumerate(nodes):
            sign[row, tree], threshold[row, tree], struck[row, tree] = one, limit, gone
    places = np.arange(trees) * LEAVES
    return Forest(sign, threshold, struck, value.ravel(), places, given["bias"])


def _walk(
    given: Mapping[str, Any], at: int, leaves: list[float], nodes: list[tuple[int, float, int]]
) -> int:
    """Collect what is below a node, left before right; the leaves it holds as bits."""
    if given["left"][at] == at:
        leaves.append(given["value"][at])
        return 1 << (len(leaves) - 1)
    left = _walk(given, given["left"][at], leaves, nodes)
    nodes.append((given["sign"][at], given["threshold"][at], left))
    return left | _walk(given, given["right"][at], leaves, nodes)
