"""Reads Chinese characters as toneless pinyin, and cuts typed pinyin into syllables."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all we need
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

from pypinyin.pinyin_dict import pinyin_dict

_LONGEST = 6
"""Letters of the longest syllable (zhuang)."""


@lru_cache(maxsize=65536)
def readings(character: str) -> tuple[str, ...]:
    """The toneless readings of ``character``, the commonest first; none if it is not Chinese."""
    written = pinyin_dict.get(ord(character), "")
    return tuple(dict.fromkeys(_toneless(one) for one in written.split(",") if one))


def sounds(text: str) -> list[str]:
    """``text`` as it sounds: a syllable for each Chinese character, others as they are."""
    return [found[0] if (found := readings(one)) else one for one in text]


@lru_cache(maxsize=4096)
def cut(letters: str) -> tuple[str, ...] | None:
    """``letters`` as the fewest syllables, or None: ``youdaizheng`` is you, dai, zheng."""
    best: list[tuple[str, ...] | None] = [(), *[None] * len(letters)]
    for start in range(len(letters)):
        before = best[start]
        if before is None:
            continue
        for end in range(start + 1, min(start + _LONGEST, len(letters)) + 1):
            if letters[start:end] in _syllables() and (
                (known := best[end]) is None or len(before) + 1 < len(known)
            ):
                best[end] = (*before, letters[start:end])
    return best[-1]


@cache
def _syllables() -> frozenset[str]:
    """The syllables of the characters in daily use (GB 2312, rows 16 to 87)."""
    daily = (
        bytes((row, cell)).decode("gb2312", "ignore")
        for row in range(0xB0, 0xF8)
        for cell in range(0xA1, 0xFF)
    )
    found = (one for character in daily if character for one in readings(character))
    return frozenset(one for one in found if one.isascii() and any(v in one for v in "aeiouv"))


def _toneless(reading: str) -> str:
    bare = [one for one in unicodedata.normalize("NFD", reading) if one not in _TONES]
    return unicodedata.normalize("NFC", "".join(bare)).replace("ü", "v")


_TONES: Sequence[str] = "\u0300\u0301\u0304\u030c"
