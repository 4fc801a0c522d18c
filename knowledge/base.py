"""Everything we know, in one immutable value."""

from __future__ import annotations

from dataclasses import dataclass

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


def load_knowledge(embedder: Embedder | None = None) -> Knowledge:
    """Read all shipped files. Raises ``KnowledgeError`` with every problem at once, and
    ``EmbedderFailed``."""
    gazetteer = Gazetteer.load()
    return Knowledge(load(embedder=embedder), Directory.load(gazetteer), gazetteer)
