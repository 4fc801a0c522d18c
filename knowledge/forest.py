"""Boosted decision trees, evaluated without the library that grew them.

``doubt.json`` is written by ``benchmarks/fit_search.py`` (scikit-learn's histogram gradient boosting,
with monotonic constraints: nearer never means less likely). Every tree is five rows of numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.postings import Floats

FILE = Path(__file__).with_name("doubt.json")


@dataclass(frozen=True)
class Forest:
    """All nodes of all trees in one row each; a leaf leads to itself."""

    roots: NDArray[np.int64]
    sign: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats
    bias: float
    depth: int

    def likelihood(self, signs: Floats) -> Floats:
        """The probability for every row of ``signs``."""
        node = np.broadcast_to(self.roots, (len(signs), len(self.roots)))
        rows = np.arange(len(signs))[:, None]
        for _ in range(self.depth):
            below = signs[rows, self.sign[node]] <= self.threshold[node]
            node = np.where(below, self.left[node], self.right[node])
        raw = self.bias + self.value[node].sum(axis=1)
        chance: Floats = 1 / (1 + np.exp(-raw))
        return chance


@cache
def forest(names: tuple[str, ...], file: Path = FILE) -> Forest:
    """The trees of ``file`` for signs in the order of ``names``. Raises ValueError if it was grown
    on other signs."""
    given = json.loads(file.read_text("utf-8"))
    if tuple(given["signs"]) != names:
        raise ValueError(f"{file.name} was grown on other signs; run benchmarks/fit_search.py")
    return Forest(
        roots=np.array(given["roots"]),
        sign=np.array(given["sign"]),
        threshold=np.array(given["threshold"]),
        left=np.array(given["left"]),
        right=np.array(given["right"]),
        value=np.array(given["value"]),
        bias=given["bias"],
        depth=given["depth"],
    )
