"""The seam for an embedding model: nearness of meaning beside nearness of words.

Off unless a setting names one; search is complete without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from knowledge.postings import Floats, Ints


class EmbedderFailed(Exception):
    """The model gave no vectors; the message says why."""


class Embedder(Protocol):
    """Turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """A row for each text. Raises EmbedderFailed."""
        ...


class Meanings:
    """The vectors of all known questions."""

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        self._embedder = embedder
        self._vectors = _unit(embedder.embed(texts))

    def near(self, text: str) -> Floats | None:
        """The cosine of ``text`` with every known question; None if the model does not answer, for
        then words alone decide."""
        try:
            (vector,) = _unit(self._embedder.embed([text]))
        except EmbedderFailed:
            return None
        cosine: Floats = self._vectors @ vector
        return cosine


def of(near: Floats | None, best: Ints) -> Floats:
    """The nearness of the shortlisted questions; nought without a model."""
    return np.zeros(len(best)) if near is None else np.maximum(near[best], 0.0)


def _unit(vectors: Floats) -> Floats:
    rows: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return rows
