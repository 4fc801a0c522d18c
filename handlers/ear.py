"""A linear model over one to three characters that hears what no pattern names: how likely somebody is in
danger or despair, and how likely danger to life is there outright.

``ear.json`` is written by ``benchmarks/fit_ear.py``; docs/evaluation.md says on what and how well. It may only add an
answer with the numbers, or an alarm, never take one away.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

FILE = Path(__file__).with_name("ear.json")
_READ = 300
"""Characters that are listened to."""
Weights: TypeAlias = Mapping[str, tuple[float, float]]


class Sounds(NamedTuple):
    """Likelihoods, from 0 to 1; in ``ear.json`` biases and weights, in this order."""

    danger: float
    outright: float


def listen(heard: Collection[str], weights: Weights, bias: Sounds) -> Sounds:
    """How the ``pieces`` of a message sound."""
    danger = outright = 0.0
    for one in heard:
        if one in weights:
            more, worse = weights[one]
            danger += more
            outright += worse
    scale = math.sqrt(max(1, len(heard)))
    return Sounds(_likely(bias.danger + danger / scale), _likely(bias.outright + outright / scale))


def pieces(text: str, marks: Collection[str] = ()) -> set[str]:
    """Every run of one to three characters, and ``marks``: which kinds of pattern were found."""
    read = text[:_READ]
    runs = {read[at : at + size] for size in (1, 2, 3) for at in range(len(read) - size + 1)}
    return runs | {f"<{mark}>" for mark in marks}


@cache
def trained() -> tuple[Weights, Sounds]:
    """Weights and biases of the shipped model."""
    given = json.loads(FILE.read_text("utf-8"))
    return given["weights"], Sounds(*given["bias"])


def _likely(raw: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, raw))))
