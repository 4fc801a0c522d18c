"""What each feature counts: learned numbers, one set for indexes of every size.

``parameters.yaml`` is written by ``benchmarks/fit_search.py``; docs/evaluation.md says on what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from knowledge.nearness import FEATURES
from knowledge.postings import Floats

FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True)
class Parameters:
    """Weights of the rank score, and the two thresholds on the likelihood."""

    rank: Floats
    bare: Floats
    """The same where the entries have no texts besides their ways of asking."""
    answer: float
    """From this likelihood on an article is given without asking."""
    ask: float
    """From this one on the nearest are offered."""
    do: float
    """From this one on a wish is followed (places nearby, a request is offered, small talk)."""
    near: float
    """From this one on a title is named though we do not know."""


@cache
def parameters(file: Path = FILE) -> Parameters:
    """The numbers of ``file``, in the order in which the features are listed."""
    given = yaml.safe_load(file.read_text("utf-8"))
    return Parameters(
        rank=_weights(given["rank"]),
        bare=_weights(given["bare"]),
        answer=given["thresholds"]["answer"],
        ask=given["thresholds"]["ask"],
        do=given["thresholds"]["do"],
        near=given["thresholds"]["near"],
    )


def _weights(given: Mapping[str, float]) -> Floats:
    return np.array([given.get(name, 0.0) for name in FEATURES])
