"""Finds the entries whose ways of asking are nearest to a question.

An inverted index over every question of every entry – characters and pairs of them – and one over
the entries as wholes give a shortlist; its members are compared closely (:mod:`knowledge.nearness`),
added up with learned weights, and the best question speaks for its entry. What was typed by ear is
put right before (:mod:`knowledge.spelling`). Nothing here knows what the entries are about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from knowledge import doubt, meaning
from knowledge.centres import Centres
from knowledge.intention import denials, wants
from knowledge.kept import kept, key
from knowledge.meaning import Embedder, Meanings
from knowledge.nearness import Shortlist, compare
from knowledge.parameters import parameters
from knowledge.postings import Floats, Ints, Postings, Weighed
from knowledge.readings import read
from knowledge.spelling import Speller
from knowledge.text import Reader, grams

SHORTLIST = 24
"""Questions that are compared closely."""
_ROUGH = (0.7, 0.3)
"""What a question's characters and the entry as a whole count when the shortlist is made."""
_MEANING = 0.5
"""What nearness of meaning counts, where there is a model for it."""
_CERTAIN = 0.97
"""The least likelihood of an entry that has the question word for word."""
_SURER = 0.05
"""So much likelier the second must be to come before the one that ranks first."""
_KNOWN = 40
"""Ways of asking for an entry whose characters are known."""
_VOICES = 1024
"""Entries that are kept at hand so."""
_OFTEN, _REMEMBERED = 24, 2048
"""Questions so short, without a story of anybody's, come again and again on the day when everybody
asks the same: so many are remembered with what was found."""
_JUST_NOW = 64
"""Longer ones are remembered while one message is thought about: parts of a story are looked up
for every way of reading it."""
_FAR = 0.25
"""Less than this share of the highest value is looked at only where there are too few higher ones."""
_LATIN = re.compile(r"[a-z]")
_LONGEST = 400
"""Characters of one question that are read; longer messages come in parts."""


@dataclass(frozen=True)
class Match:
    """An entry, how likely it is the right one (0 to 1), its rank score, its question that came
    nearest, and the features of that nearness."""

    id: str
    score: float
    question: str
    rank: float = 0.0
    features: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Typed:
    """A question as the index reads it: as typed, in standard terms, and weighed."""

    folded: str
    plain: str
    grams: Weighed
    said: Weighed | None
    """The same as the entries' texts weigh it, if there are any."""
    tells: Mapping[str, float]
    """What each character of it tells, in standard terms."""
    values: int
    wants: int
    denials: int

    @cached_property
    def characters(self) -> frozenset[str]:
        """Every character of it, typed or in standard terms."""
        return frozenset(self.folded + self.plain)


class Index:
    """An immutable index over entries, their ways of asking and, if given, their ``bodies``.

    ``tells`` is what each character tells, from 0 to 1; one that no entry has tells all.
    ``strangers`` are the ids of entries that are known not to be ours: they only raise doubt.
    What was read of the texts is kept in the folder ``cache``, if one is given.
    """

    def __init__(
        self,
        entries: Mapping[str, Sequence[str]],
        reader: Reader,
        bodies: Mapping[str, str] | None = None,
        strangers: Collection[str] = (),
        embedder: Embedder | None = None,
        cache: Path | None = None,
    ) -> None:
        self.reader = reader
        self.ids = list(entries)
        self.strangers = frozenset(n for n, id in enumerate(self.ids) if id in strangers)
        given = kept(
            cache,
            key(entries, reader, bodies) if cache else "",
            lambda: read(entries, reader, bodies),
        )
        self.asked, self.folded, self.plain = given.asked, given.folded, given.plain
        self.values, self.wants, self.denials = (
            given.values,
            given.wants.tolist(),
            given.denials.tolist(),
        )
        self._first = given.first.tolist()
        self.owner = np.repeat(np.arange(len(self.ids)), np.diff(given.first))
        self.characters = Postings(given.characters)
        self.bodies = Postings(given.bodies) if given.bodies else None
        self.singles = np.array([len(gram) == 1 for gram in self.characters.vocabulary], bool)
        self.lengths = np.array([len(text) for text in self.folded], dtype=np.int64)
        self.centres = Centres(self.characters, self.owner, len(self.ids))
        self.lasting = self.characters.weights * self.centres.constancy
        self.told = np.stack((self.characters.weights, self.lasting)) * self.singles
        self.tells = {
            gram: float(self.lasting[number]) / self.characters.rarest
            for gram, number in self.characters.vocabulary.items()
            if len(gram) == 1
        }
        self.voice = lru_cache(maxsize=_VOICES)(self._voice)
        """The characters of an entry's first ways of asking, and the kinds of answer they want."""
        self._meanings = Meanings(embedder, self.asked) if embedder and self.asked else None
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self.look_up)
        self._just_now = lru_cache(maxsize=_JUST_NOW)(self.look_up)

    def search(self, text: str, limit: int = 10, *, by_heart: bool = True) -> list[Match]:
        """The nearest entries, likeliest first. A question known word for word finds its entry,
        unless ``by_heart`` is false."""
        if self._meanings is not None:  # a model may fail and recover
            return list(self.look_up(text, limit, by_heart))
        find = self._remembered if len(text) <= _OFTEN else self._just_now
        return list(find(text, limit, by_heart))

    def look_up(self, text: str, limit: int = 10, by_heart: bool = True) -> tuple[Match, ...]:
        """As ``search``, but never from memory."""
        typed = self.read(text)
        if not len(typed.grams.known):
            return ()
        found = self.shortlist(typed)
        if not len(found.questions):
            return ()
        ranks = found.table @ self.weights
        best = self.best(found, ranks)
        if by_heart:
            best = self._known_first(typed, found, best)
        likely = doubt.likelihoods(self, typed, found, ranks, best[: doubt.JUDGED])
        if by_heart and likely and self.plain[found.questions[best[0]]] == typed.plain:
            likely[0] = max(_CERTAIN, *likely)
        if len(likely) > 1 and likely[1] > likely[0] + _SURER:
            best[:2], likely[:2] = best[1::-1], likely[1::-1]
        return tuple(self._matches(found, ranks, best[:limit], likely))

    @property
    def weights(self) -> Floats:
        """What each feature counts here."""
        learned = parameters()
        return learned.rank if self.bodies else learned.bare

    def read(self, text: str) -> Typed:
        """``text`` as it is compared: pinyin turned into characters, terms into standard ones."""
        folded = self.reader.folded(text[:_LONGEST])
        if _LATIN.search(folded):
            folded = self.reader.folded(self._speller.respell(folded))
        plain = self.reader.asked(self._speller.corrected(folded))
        pieces = grams(plain)
        return Typed(
            folded,
            plain,
            self.characters.weigh(pieces),
            self.bodies.weigh(pieces) if self.bodies else None,
            {one: self.tells.get(one, 1.0) for one in dict.fromkeys(plain)},
            self.reader.values(plain),
            wants(folded),
            denials(folded),
        )

    def roughly(self, text: str, limit: int) -> list[str]:
        """The ids of up to ``limit`` entries by rough nearness alone, for lists longer than what is
        compared closely."""
        typed = self.read(text)
        centre, _ = self.centres.views(typed.grams)
        return [self.ids[entry] for entry in _highest(centre, limit).tolist()]

    def questions(self, entry: int) -> range:
        """The numbers of an entry's questions."""
        return range(self._first[entry], self._first[entry + 1])

    def _voice(self, entry: int) -> tuple[frozenset[str], int]:
        ways, wanted = self.questions(entry)[:_KNOWN], 0
        for way in ways:
            wanted |= self.wants[way]
        return frozenset("".join(self.folded[way] + self.plain[way] for way in ways)), wanted

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.folded)

    def shortlist(self, typed: Typed) -> Shortlist:
        shared = self.characters.overlap(typed.grams)
        dice = _dice(shared, typed.grams, self.characters)
        centre, covered = self.centres.views(typed.grams)
        rough = _ROUGH[0] * dice + _ROUGH[1] * centre[self.owner]
        near = self._meanings.near(typed.folded) if self._meanings else None
        if near is not None:
            rough = rough + _MEANING * np.maximum(near, 0.0)
        best = _highest(rough, SHORTLIST)
        owners = self.owner[best]
        body = np.zeros(len(best))
        if self.bodies and typed.said:
            body = (self.bodies.overlap(typed.said) / max(typed.said.total, 1e-9))[owners]
        return compare(
            self,
            typed,
            best,
            [
                dice[best],
                centre[owners],
                covered[owners],
                body,
                meaning.of(near, best),
            ],
        )

    def best(self, found: Shortlist, ranks: Floats) -> list[int]:
        """For every entry on the list its best question, best entry first, ties by id."""
        owners, high = found.owners.tolist(), ranks.tolist()
        first: dict[int, int] = {}
        for one in sorted(range(len(high)), key=lambda one: (-high[one], self.ids[owners[one]])):
            first.setdefault(owners[one], one)
        return list(first.values())

    def _known_first(self, typed: Typed, found: Shortlist, best: list[int]) -> list[int]:
        """Who types a question as it is written gets its entry, whatever else is near."""
        plain, rows = self.plain, enumerate(found.questions.tolist())
        known = [row for row, one in rows if plain[one] == typed.plain]
        if not known:
            return best
        same = {int(found.owners[row]): row for row in known}
        first = [same[owner] for row in best if (owner := int(found.owners[row])) in same]
        return [*first, *(row for row in best if int(found.owners[row]) not in same)]

    def _matches(
        self, found: Shortlist, ranks: Floats, best: Sequence[int], likely: Sequence[float]
    ) -> list[Match]:
        scores = [*likely, *([min(likely, default=0.0)] * len(best))]
        matches, ceiling = [], 1.0
        for one, score in zip(best, scores, strict=False):
            ceiling = min(ceiling, score)
            matches.append(
                Match(
                    self.ids[found.owners[one]],
                    ceiling,
                    self.asked[found.questions[one]],
                    float(ranks[one]),
                )
            )
        return matches


def _dice(shared: Floats, query: Weighed, postings: Postings) -> Floats:
    near: Floats = 2 * shared / np.maximum(query.total + postings.size, 1e-9)
    return near


def _highest(values: Floats, count: int) -> Ints:
    """The numbers of the highest values above nought, highest first."""
    high = values.max(initial=0.0)
    best = np.flatnonzero(values > _FAR * high)  # most are far: that is cheap to see
    if len(best) < count:
        best = np.flatnonzero(values > 0)
    near = values[best]
    if len(best) > count:
        kept = np.argpartition(-near, count - 1)[:count]
        best, near = best[kept], near[kept]
    found: Ints = best[np.lexsort((best, -near))]
    return found
