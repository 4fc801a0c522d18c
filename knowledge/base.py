"""Everything we know, in one immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.gazetteer import Gazetteer
from knowledge.load import Library, load
from knowledge.meaning import Embedder
from knowledge.places import Directory


@dataclass(frozen=True)
class Knowledge:
    """What the handlers consult: articles and services, places, place names."""

    library: Library
    directory: Directory
    gazetteer: Gazetteer


def load_knowledge(embedder: Embedder | None = None, cache: Path | None = None) -> Knowledge:
    """Read all shipped files; the index is kept in the folder ``cache``, if given. Raises
    ``KnowledgeError`` with every problem at once, and ``EmbedderFailed``."""
    gazetteer = Gazetteer.load()
    return Knowledge(load(embedder=embedder, cache=cache), Directory.load(gazetteer), gazetteer)
