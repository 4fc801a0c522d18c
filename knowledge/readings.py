"""All ways of asking, read once: folded, in standard terms, and cut into grams.

This is the slow part of an index. It depends on nothing but the texts, the reader and the code, so it
may be kept on disk (:mod:`knowledge.kept`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from knowledge.intention import denials, wants
from knowledge.postings import Cut, Ints
from knowledge.text import Reader, grams


@dataclass(frozen=True)
class Readings:
    """Every question of every entry, one after the other. ``first``: where each entry's questions
    begin, and the end; ``bodies``: all that each entry says, questions included, if anything."""

    asked: list[str]
    folded: list[str]
    plain: list[str]
    first: Ints
    values: Ints
    wants: Ints
    denials: Ints
    characters: Cut
    bodies: Cut | None


def read(
    entries: Mapping[str, Sequence[str]], reader: Reader, bodies: Mapping[str, str] | None
) -> Readings:
    """Read ``entries``; a way of asking that folds to the same as another counts once."""
    asked: list[str] = []
    folded: list[str] = []
    first = [0]
    for ways in entries.values():
        once = {reader.folded(text): text for text in reversed(ways)}
        folded.extend(reversed(once))
        asked.extend(reversed(once.values()))
        first.append(len(asked))
    plain = [reader.plain(text) for text in asked]
    said = _said(entries, reader, bodies, plain, first) if bodies else None
    return Readings(
        asked,
        folded,
        plain,
        np.array(first, dtype=np.int64),
        np.array([reader.values(text) for text in plain], dtype=np.int64),
        np.array([wants(text) for text in folded], dtype=np.int64),
        np.array([denials(text) for text in folded], dtype=np.int64),
        Cut.of(grams(text) for text in plain),
        said,
    )


def _said(
    entries: Mapping[str, Sequence[str]],
    reader: Reader,
    bodies: Mapping[str, str],
    plain: Sequence[str],
    first: Sequence[int],
) -> Cut:
    texts = (
        (reader.plain(bodies.get(id, "")), *plain[start:end])
        for id, (start, end) in zip(entries, pairwise(first), strict=True)
    )
    return Cut.of([gram for text in parts for gram in grams(text)] for parts in texts)
