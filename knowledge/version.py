"""Which version of an article somebody was told: a hash of what it says."""

from __future__ import annotations

import hashlib

from knowledge.schema import Article

_FOR_FINDING = {"questions", "words", "general", "see_also", "not_to_be_confused_with", "flow"}
"""What no reader is told."""


def version(article: Article) -> str:
    """Ten hexadecimal digits that change when anything a reader is told does."""
    told = article.model_dump_json(exclude=_FOR_FINDING)
    return hashlib.sha256(told.encode()).hexdigest()[:10]
