"""Makes two ways of typing the same thing look the same, and cuts text into n-grams."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from knowledge.schema import Lexicon

_KEPT = re.compile(r"[^0-9a-z\u3400-\u9fff]+")
_SENTENCE = re.compile(r"[。！？!?；;\n]+")
_NUMBER = re.compile(
    r"(?:19|20)?\d{2}(?:年|届)|[0-9一二三四五六七八九十]+月(?:份|[0-9]+[日号])?|[0-9]{2,}|\d+[日号]"
)
_CLAUSE = re.compile(r"[，,、：:。！？!?；;\n\s]+")
_ASKING = re.compile(
    r"[?？]|吗|呢|么|怎|咋|啥|什么|多少|几|哪|谁|能不能|可不可以|能否|是否|可以|如何|有没有|要不要|请问|咨询|想问|算不算"
)
_ONLY_ASKING = re.compile(
    r"(?:什么时候|什么|怎么|多少钱?|能不能|可不可以|可以|是不是|有没有|哪里|那个|这个|为什么|办|吗|呢|几|谁|不是|是|有|要)*"
)
_STORY = 40
"""From this many characters on, a message is read as a story with a question in it."""
_SEGMENTS = 12


@dataclass(frozen=True)
class Reader:
    """Reads text the way the editors' lexicon says."""

    traditional: Mapping[int, str]
    standard: Mapping[str, str]
    forms: re.Pattern[str]
    stopwords: re.Pattern[str]

    @classmethod
    def of(cls, lexicon: Lexicon) -> Reader:
        """A reader for ``lexicon``."""
        pairs = re.sub(r"\s", "", lexicon.traditional)
        standard = {
            _fold(form): _fold(term)
            for term, forms in lexicon.synonyms.items()
            for form in (term, *forms)
        }
        return cls(
            traditional={ord(pairs[i]): pairs[i + 1] for i in range(0, len(pairs) - 1, 2)},
            standard=standard,
            forms=_any(standard),
            stopwords=_any({_fold(word): "" for word in lexicon.stopwords}),
        )

    def plain(self, text: str) -> str:
        """``text`` folded (width, case, traditional characters, punctuation) and in standard
        terms, without words that carry no weight. What is only such words stays."""
        folded = _KEPT.sub("", _fold(text).translate(self.traditional))
        termed = self.forms.sub(lambda found: self.standard[found.group()], folded)
        return self.stopwords.sub("", termed) or termed

    def asks_nothing(self, text: str) -> bool:
        """Whether ``text`` is a fragment without a subject: 什么时候, 怎么办, 多少."""
        return _ONLY_ASKING.fullmatch(self.plain(text)) is not None

    def asked(self, text: str) -> str:
        """What remains of a question for finding its entry: :meth:`plain` without the years,
        dates and numbers that belong to the person and not to the rule."""
        plain = self.plain(text)
        return self.plain(_NUMBER.sub("", text)) or plain if len(plain) > 12 else plain

    def segments(self, text: str) -> list[str]:
        """The parts of ``text`` that may each be the question, most telling first; a short text
        is one part. At most a dozen, so that time stays bounded."""
        if len(text) <= _STORY:
            return [text]
        sentences = [part for part in _SENTENCE.split(text) if part.strip()]
        clauses = [part for part in _CLAUSE.split(text) if len(part) >= 4]
        asking = [part for part in (*clauses, *sentences) if _ASKING.search(part)]
        pairs = [f"{before}{part}" for before, part in pairwise(clauses) if _ASKING.search(part)]
        found = dict.fromkeys([*reversed(asking), *reversed(pairs), *sentences[-2:], text[:200]])
        return list(found)[:_SEGMENTS]


def grams(text: str) -> list[str]:
    """The characters and the pairs of neighbouring characters of ``text``."""
    return [*text, *(text[i : i + 2] for i in range(len(text) - 1))]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _any(words: Mapping[str, str]) -> re.Pattern[str]:
    """Matches any of the words, longer ones first; nothing if there are none."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest)) or r"(?!)")
