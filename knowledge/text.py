"""Makes two ways of typing the same thing look the same, and cuts text into n-grams."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import opencc

from knowledge.numerals import arabic
from knowledge.schema import Lexicon

_KEPT = re.compile(r"[^0-9a-z\u3400-\u9fff]+")
_NUMBER = re.compile(
    r"(?:19|20)?\d{2}(?:年|届)|[0-9一二三四五六七八九十]+月(?:份|[0-9]+[日号])?|[0-9]{2,}|\d+[日号]"
)
_ASKING = re.compile(
    r"[?？]|吗|呢|么|怎|咋|啥|什么|多少|几|哪|谁|能不能|可不可以|能否|是否|可以|如何|有没有|要不要|请问|咨询|想问|算不算|伐|啊能|阿能"
)
_ONLY_ASKING = re.compile(
    r"(?:什么时候|什么|怎么|多少钱?|能不能|可不可以|可以|是不是|有没有|哪里|那个|这个|为什么|办|吗|呢|几|谁|不是|是|有|要)*"
)
_AGAIN = 6
"""A character that comes so often, again and again, says nothing."""
FACET = 8
"""Bits for each facet: it has at most so many values, and there are at most seven facets."""


@dataclass(frozen=True)
class Reader:
    """Reads text the way the editors' lexicon says."""

    standard: Mapping[str, str]
    forms: re.Pattern[str]
    stopwords: re.Pattern[str]
    facets: tuple[tuple[int, re.Pattern[str]], ...] = ()
    """A bit and its words for every value of every facet; see :data:`FACET`."""

    @classmethod
    def of(cls, lexicon: Lexicon) -> Reader:
        """A reader for ``lexicon``."""
        standard = {
            _fold(form): _fold(term)
            for term, forms in lexicon.synonyms.items()
            for form in (term, *forms)
        }
        return cls(
            standard=standard,
            forms=_any(standard),
            stopwords=_any(_fold(word) for word in lexicon.stopwords),
            facets=tuple(_bits(lexicon)),
        )

    def folded(self, text: str) -> str:
        """``text`` as typed, but for width, case, traditional characters, numerals, punctuation
        and words that carry no weight. What is only such words stays."""
        bare = _fold(text)
        return self.stopwords.sub("", bare) or bare

    def plain(self, text: str) -> str:
        """``text`` folded and in standard terms."""
        return self._termed(_fold(text))

    def _termed(self, folded: str) -> str:
        termed = self.forms.sub(lambda found: self.standard[found.group()], folded)
        return self.stopwords.sub("", termed) or termed

    def values(self, plain: str) -> int:
        """What a plain text says of the editors' facets (离队方式: 转业 …), as bits."""
        return sum(bit for bit, words in self.facets if words.search(plain))

    def asks(self, text: str) -> bool:
        """Whether ``text`` has a word that asks."""
        return _ASKING.search(text) is not None

    def asks_nothing(self, text: str) -> bool:
        """Whether ``text`` is a fragment without a subject – 什么时候, 怎么办, 多少 – or the same few
        characters over and over."""
        plain = self.plain(text)
        again = len(plain) >= _AGAIN and len(set(plain)) * _AGAIN <= len(plain)
        return again or _ONLY_ASKING.fullmatch(plain) is not None

    def asked(self, text: str) -> str:
        """What remains of a question, folded already, for finding its entry: in standard terms and
        without the years, dates and numbers that belong to the person and not to the rule."""
        plain = self._termed(text)
        if len(plain) <= 12 or (bare := _NUMBER.sub("", text)) == text:
            return plain
        return self._termed(bare) or plain


def grams(text: str) -> list[str]:
    """The characters and the pairs of neighbouring characters of ``text``."""
    return [*text, *(text[i : i + 2] for i in range(len(text) - 1))]


def simplified(text: str) -> str:
    """``text`` with traditional characters turned simplified, one for one."""
    return text.translate(_simplified())


@cache
def _simplified() -> Mapping[int, str]:
    """Character by character, so that a long text costs no more than its length."""
    every = "".join(map(chr, range(0x3400, 0xA000)))
    turned = opencc.OpenCC("t2s").convert(every)
    return {ord(a): b for a, b in zip(every, turned, strict=True) if a != b}


def _fold(text: str) -> str:
    return _KEPT.sub("", arabic(simplified(unicodedata.normalize("NFKC", text).lower())))


def _bits(lexicon: Lexicon) -> Iterable[tuple[int, re.Pattern[str]]]:
    for number, values in enumerate(lexicon.facets.values()):
        for place, words in enumerate(values.values()):
            bit = 1 << (FACET * number + place)
            yield bit, re.compile("|".join(_fold(word) for word in words))


def _any(words: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the words, longer ones first; nothing if there are none."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest)) or r"(?!)")
