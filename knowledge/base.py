"""Everything we know, in one immutable value."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.gazetteer import Gazetteer
from knowledge.load import Library, load
from knowledge.places import Directory


@dataclass(frozen=True)
class Knowledge:
    """What the handlers consult: articles and services, places, place names."""

    library: Library
    directory: Directory
    gazetteer: Gazetteer


def load_knowledge() -> Knowledge:
    """Read all shipped files. Raises ``KnowledgeError`` with every problem at once."""
    gazetteer = Gazetteer.load()
    return Knowledge(load(), Directory.load(gazetteer), gazetteer)
