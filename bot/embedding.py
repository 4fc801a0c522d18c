"""An embedding model behind an OpenAI-compatible endpoint (Ollama, text-embeddings-inference, a cloud)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import httpx
import numpy as np

from bot.privacy import mask
from knowledge.meaning import EmbedderFailed
from knowledge.postings import Floats

_BATCH = 64
_KEPT = 2048


class Endpoint:
    """Asks ``url`` (…/v1/embeddings) for vectors. What people type is masked before it leaves. A
    question waits ``timeout`` seconds at most; the questions we know are asked for once, at the start."""

    def __init__(self, url: str, model: str, key: str | None, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self._url, self._model, self._timeout = url, model, timeout
        self._one = lru_cache(maxsize=_KEPT)(self._vector)

    def embed(self, texts: Sequence[str]) -> Floats:
        """A row for each text. Raises EmbedderFailed."""
        if len(texts) == 1:
            return np.array([self._one(mask(texts[0]))])
        parts = [
            self._ask(texts[at : at + _BATCH], timeout=30 * self._timeout)
            for at in range(0, len(texts), _BATCH)
        ]
        return np.array([vector for part in parts for vector in part])

    def _vector(self, text: str) -> tuple[float, ...]:
        return tuple(self._ask([text], timeout=self._timeout)[0])

    def _ask(self, texts: Sequence[str], *, timeout: float) -> list[list[float]]:
        try:
            asked = {"model": self._model, "input": list(texts)}
            answer = self._client.post(self._url, json=asked, timeout=timeout)
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: int(row["index"]))
            vectors = [[float(number) for number in row["embedding"]] for row in rows]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as problem:
            raise EmbedderFailed(f"向量服务 {self._url} 没有给出向量：{problem}") from problem
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise EmbedderFailed(f"向量服务 {self._url} 给的向量数目或长短不对")
        return vectors
