"""Turns typed pinyin back into the characters our own texts use: youdaizheng is 优待证."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import pairwise

from knowledge.pinyin import cut, readings

_LETTERS = re.compile(r"[a-z]+")
_BEAM = 8
_PAIRED, _ALONE = 0.9, 0.1
"""How much a character's likelihood hangs on the one before it, and on its own frequency."""
_FREQUENT = 3
"""How often a pair must stand in our texts before another is taken for it."""
_NOT_OURS = -12.0
"""Log-likelihood of a syllable that none of our characters has; it stays as letters."""


class Speller:
    """Knows which characters, and which pairs of them, the given texts use."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._single = Counter(one for text in texts for one in text)
        self._pairs = Counter(pair for text in texts for pair in pairwise(text))
        self._all = sum(self._single.values())
        self._latin = {run for text in texts for run in _LETTERS.findall(text)}
        self._sounding: dict[str, list[str]] = defaultdict(list)
        for character in self._single:
            for reading in readings(character):
                self._sounding[reading].append(character)

    def corrected(self, text: str) -> str:
        """``text`` with characters that were mistaken for one of the same sound put right: a pair
        that we never use becomes the pair we often use that sounds the same and shares a character."""
        spelt = list(text)
        for at in range(len(spelt) - 1):
            first, second = spelt[at], spelt[at + 1]
            if (first, second) not in self._pairs:
                spelt[at], spelt[at + 1] = self._sounding_pairs.get(
                    (first, _sound(second)),
                    self._sounding_pairs.get((_sound(first), second), (first, second)),
                )
        return "".join(spelt)

    @cached_property
    def _sounding_pairs(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Pairs in frequent use by one of their characters and the sound of the other."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for pair, count in self._pairs.most_common():
            if count < _FREQUENT:
                break
            found.setdefault((pair[0], _sound(pair[1])), pair)
            found.setdefault((_sound(pair[0]), pair[1]), pair)
        return found

    def respell(self, text: str) -> str:
        """``text`` with every run of pinyin written in characters; other letters stay."""
        spelt, end = "", 0
        for run in _LETTERS.finditer(text):
            spelt += text[end : run.start()]
            spelt += self._characters(run.group(), spelt[-1:])
            end = run.end()
        return spelt + text[end:]

    def _characters(self, letters: str, before: str) -> str:
        syllables = None if letters in self._latin else cut(letters)
        if not syllables:
            return letters
        paths = {before: (0.0, "")}
        for syllable in syllables:
            paths = self._extended(paths, syllable)
        return max(paths.values())[1]

    def _extended(
        self, paths: dict[str, tuple[float, str]], syllable: str
    ) -> dict[str, tuple[float, str]]:
        """The likeliest ways on from each path, by the character they end in."""
        characters = self._sounding.get(syllable)
        if not characters:
            score, spelt = max(paths.values())
            return {"": (score + _NOT_OURS, spelt + syllable)}
        found = [
            (character, max(self._step(path, character) for path in paths.items()))
            for character in characters
        ]
        found.sort(key=lambda one: one[1], reverse=True)
        return dict(found[:_BEAM])

    def _step(self, path: tuple[str, tuple[float, str]], character: str) -> tuple[float, str]:
        last, (score, spelt) = path
        likely = self._single[character] / self._all
        if last in self._single:
            paired = self._pairs[last, character] / self._single[last]
            likely = _PAIRED * paired + _ALONE * likely
        return score + math.log(likely), spelt + character


@cache
def _sound(character: str) -> str:
    return next(iter(readings(character)), character)
