"""All we know in words, as one value, and the index over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.calculators import Calculator
from knowledge.facts import Fact
from knowledge.meaning import Embedder
from knowledge.rules import Rule
from knowledge.schema import (
    Article,
    Intent,
    Law,
    Lexicon,
    Promise,
    Region,
    Service,
    Strangers,
)
from knowledge.search import Index
from knowledge.text import Reader
from knowledge.version import version

if TYPE_CHECKING:
    from knowledge.cases import Cases


_NATION = "全国"
_NO_STREET = r"(?![东西南北中]?(?:路|大街|大道))"
"""上海路 is no region."""


@dataclass(frozen=True)
class Library:
    """All we know in words, and the index over it.

    ``index`` finds articles by id, services as ``request:<id>`` and intents as ``intent:<id>``.
    ``files`` says which file each article and service came from, under the same names: an article
    and a service may share an id.
    """

    articles: Mapping[str, Article]
    services: Mapping[str, Service]
    intents: Mapping[str, Intent]
    laws: Mapping[str, Law]
    regions: Mapping[str, Region]
    reader: Reader
    index: Index
    files: Mapping[str, Path]
    root: Path
    promises: tuple[Promise, ...] = ()
    """What the founding report names, and what serves it."""
    strangers: Mapping[str, Strangers] = field(default_factory=dict)
    """What is known not to be ours, by group."""
    lexicon: Lexicon = field(default_factory=Lexicon)
    """What ``reader`` was made of, as the editors wrote it."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What rules may ask about a person."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Who is entitled to what; ``files`` has them as ``rule:<id>``."""
    cases: Mapping[str, Cases] = field(default_factory=dict)
    """The examples of rules, by rule."""
    calculators: Mapping[str, Calculator] = field(default_factory=dict)
    """Published formulas; ``files`` has them as ``calculator:<id>``."""

    def around(self, region: str) -> tuple[str, ...]:
        """A region and what lies around it, inmost first; empty for a name we do not know."""
        chain: list[str] = []
        name: str | None = region
        while name is not None and name in self.regions and name not in chain:
            chain.append(name)
            name = self.regions[name].within
        return tuple(chain)

    @cached_property
    def general(self) -> frozenset[str]:
        """The articles that any matter may ask for."""
        return frozenset(id for id, article in self.articles.items() if article.general)

    @cached_property
    def region_words(self) -> Mapping[str, str]:
        """The regions inside the country by their names and by what else people call them."""
        return {
            word: name
            for name, region in self.regions.items()
            for word in (name, *region.aliases)
            if name != _NATION
        }

    @cached_property
    def region_spots(self) -> re.Pattern[str]:
        """Matches any of ``region_words``, the longest first, unless it begins a street's name."""
        longest = sorted(self.region_words, key=len, reverse=True)
        words = "|".join(map(re.escape, longest)) or r"(?!)"
        return re.compile(f"({words}){_NO_STREET}")

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of every article by its id."""
        return {id: version(article) for id, article in self.articles.items()}

    def entry_title(self, id: str) -> str:
        """What people call an article, service or intent."""
        if article := self.articles.get(id):
            return article.title
        service = self.services.get(id.removeprefix("request:"))
        return service.title if service else id


def index_of(
    articles: Mapping[str, Article],
    services: Mapping[str, Service],
    intents: Mapping[str, Intent],
    strangers: Mapping[str, Strangers],
    *,
    reader: Reader,
    embedder: Embedder | None = None,
    cache: Path | None = None,
) -> Index:
    """The index over everything people may ask for, and over what is known not to be ours."""
    entries = entries_of(articles, services, intents)
    foreign = {f"stranger:{id}": one.questions for id, one in strangers.items()}
    everything, bodies = {**entries, **foreign}, spoken(articles, services)
    return Index(everything, reader, bodies, foreign, embedder, cache)


def entries_of(
    articles: Mapping[str, Article],
    services: Mapping[str, Service],
    intents: Mapping[str, Intent],
) -> dict[str, tuple[str, ...]]:
    """The ways of asking for every article, service and intent."""
    entries = {id: (article.title, *article.questions) for id, article in articles.items()}
    entries |= {f"request:{id}": one.questions for id, one in services.items()}
    return entries | {f"intent:{id}": intent.questions for id, intent in intents.items()}


def spoken(articles: Mapping[str, Article], services: Mapping[str, Service]) -> dict[str, str]:
    """What each article says and is spoken of as, without its sources, and what each service is
    about."""
    bodies = {id: _said(article) for id, article in articles.items()}
    return bodies | {f"request:{id}": f"{one.title}{one.about}" for id, one in services.items()}


def _said(article: Article) -> str:
    told = article.answer
    where = told.where or ""
    return "".join(
        (
            *article.words,
            told.summary,
            *told.conditions,
            *told.steps,
            *told.materials,
            where,
            *told.exceptions,
        )
    )
