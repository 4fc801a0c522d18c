"""Which place a question is about, and whether an article holds there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.library import Library
from knowledge.schema import Article
from knowledge.text import simplified

_TOWARDS = frozenset("到去来在")
_PAST = re.compile(
    r".{0,3}(?:打过?工|当过?兵|服过?役|做过?工|干活|上班|做生意|念书|读书|上学|疗养)"
    r"|(?:市|那边|那里|那儿)?的?(?:老?战友|同事|朋友|亲戚|同学|老乡)"
)
"""Follows the name of a place where somebody was, or whose people are only compared with."""


def named(library: Library, text: str) -> tuple[str, ...]:
    """The regions that ``text`` names, in its order, without those around another one named:
    江苏南京 is 南京市. A street (上海路) is no region."""
    words = library.region_words
    found = dict.fromkeys(words[one.group(1)] for one in _spots(library, text))
    wider = {name for one in found for name in _around(library, one)[1:]}
    return tuple(name for name in found if name not in wider)


def without(library: Library, text: str) -> str:
    """``text`` without the regions it names."""
    said = simplified(text)
    for one in reversed(list(library.region_spots.finditer(said))):
        said = said[: one.start()] + said[one.end() :]
    return said


def asked_about(library: Library, text: str, region: str | None) -> tuple[str, ...]:
    """The regions a question is about: those it names – only where somebody goes or is, if it says so
    (苏州的证到南通能用吗) – or else the one its asker is registered in; that one too if the question
    names only what lies around it."""
    places = _goals(library, text) or named(library, text)
    if region is not None and all(place in _around(library, region) for place in places):
        return (region,)
    return places


def holds_in(library: Library, article: Article, region: str) -> bool:
    """Whether the article is valid for somebody of ``region``: it is written for that region, for
    one around it, or – where only the wider place is known – for one inside it."""
    return article.region in _around(library, region) or (
        article.region != region and region in _around(library, article.region)
    )


def _around(library: Library, region: str) -> list[str]:
    chain: list[str] = []
    name: str | None = region
    while name is not None and name not in chain:
        chain.append(name)
        found = library.regions.get(name)
        name = found.within if found else None
    return chain


def _goals(library: Library, text: str) -> tuple[str, ...]:
    words = library.region_words
    return tuple(
        dict.fromkeys(
            words[one.group(1)]
            for one in _spots(library, text)
            if text[max(0, one.start() - 1) : one.start()] in _TOWARDS
        )
    )


def _spots(library: Library, text: str) -> Iterator[re.Match[str]]:
    """Where ``text`` names a region that may be the one it is about, the longest name first."""
    said = simplified(text)
    for one in library.region_spots.finditer(said):
        if not _PAST.match(said, one.end()):
            yield one
