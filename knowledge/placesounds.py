"""Place names written by ear: in pinyin letters, or with other characters of the same sound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from knowledge.pinyin import cut, readings, sounds
from knowledge.placenames import COUNTIES, Names, without_fillers

_KINDS = ("town", "former-town", "zone", *COUNTIES)
_LETTERS = re.compile(r"[a-z]{4,}")
_SUFFIX = ("镇", "街道", "乡", "街上")
_SIZES = (4, 3, 2)
_FEW = 4
Syllables = tuple[str, ...]


@dataclass(frozen=True)
class Sounds:
    """Towns, counties and zones by how they sound."""

    by_sound: Mapping[Syllables, tuple[str, ...]]

    @classmethod
    def of(cls, names: Names) -> Sounds:
        """All written names of towns, counties and zones."""
        found: dict[Syllables, dict[str, None]] = {}
        for name in _written(names):
            spoken = [readings(one)[:2] for one in name]
            for syllables in product(*spoken):
                found.setdefault(syllables, {})[name] = None
        return cls({key: tuple(names) for key, names in found.items()})

    def respelled(self, said: str, names: Names) -> tuple[str, ...]:
        """At most four readings of ``said`` with what was written by ear as we write it."""
        if _LETTERS.search(said):
            return self._from_letters(said)
        return self._from_characters(said, names)

    def _from_letters(self, said: str) -> tuple[str, ...]:
        texts = [said]
        for letters in _LETTERS.findall(said):
            spelled = self._spelled(letters)
            texts = [text.replace(letters, name, 1) for text in texts for name in spelled]
        return tuple(text for text in texts[:_FEW] if text != said)

    def _spelled(self, letters: str) -> tuple[str, ...]:
        """What a run of letters says, read as names from its beginning on."""
        syllables = cut(letters) or ()
        options, at = [""], 0
        while at < len(syllables):
            size, found = self._longest(syllables, at)
            if not found:
                return (letters,)
            options = [before + name for before in options for name in found][:_FEW]
            at += size
        return tuple(options) if options != [""] else (letters,)

    def _longest(self, syllables: Syllables, at: int) -> tuple[int, tuple[str, ...]]:
        for size in range(min(5, len(syllables) - at), 1, -1):
            if found := self.by_sound.get(syllables[at : at + size]):
                return size, found
        return 0, ()

    def _from_characters(self, said: str, names: Names) -> tuple[str, ...]:
        ends = {
            one.end
            for one in names.mentions(said)
            if all(m.place.kind in _KINDS for m in one.meanings)
        }
        spoken = sounds(said)
        for size in _SIZES:
            for at in range(len(said) - size + 1):
                word, rest = said[at : at + size], said[at + size :]
                found = self.by_sound.get(tuple(spoken[at : at + size]), ())
                if not found or word in found:
                    continue
                behind = at in ends or (at > 0 and said[at - 1] in "市区县的" and at - 1 in ends)
                first = not without_fillers(said[:at])
                whole = not without_fillers(rest) or rest.startswith(_SUFFIX)
                if behind or (first and (whole or word.endswith("镇"))):
                    return tuple(said[:at] + name + rest for name in found[:_FEW])
        return ()


def _written(names: Names) -> Iterator[str]:
    entries: Iterable[tuple[str, tuple[object, ...]]] = (
        entry for group in names.by_start.values() for entry in group
    )
    for name, meanings in entries:
        kinds = {meaning.place.kind for meaning in meanings}  # type: ignore[attr-defined]
        if kinds & {*_KINDS} and len(name) <= 5 and all(readings(one) for one in name):
            yield name
