"""A linear model over one to three characters: hears despair that no pattern names.

``ear.json`` is written by ``benchmarks/fit_ear.py``; docs/evaluation.md says on what and how well. It may
only add a soft answer with the numbers, never take one away.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("ear.json")
_READ = 300
"""Characters that are listened to."""


def hears_danger(text: str) -> bool:
    """Whether ``text`` sounds like somebody in despair."""
    weights, bias, threshold = _model()
    return score(text, weights, bias) >= threshold


def score(text: str, weights: Mapping[str, float], bias: float) -> float:
    """From 0 to 1."""
    grams = pieces(text)
    raw = bias + sum(weights.get(gram, 0.0) for gram in grams) / math.sqrt(max(1, len(grams)))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, raw))))


def pieces(text: str) -> set[str]:
    """Every run of one to three characters."""
    read = text[:_READ]
    return {read[at : at + size] for size in (1, 2, 3) for at in range(len(read) - size + 1)}


@cache
def _model() -> tuple[dict[str, float], float, float]:
    given = json.loads(FILE.read_text("utf-8"))
    return given["weights"], given["bias"], given["threshold"]
