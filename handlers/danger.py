"""Hears danger to life in what people write.

Patterns (``danger.yaml``) for what is said outright – a person in danger writes plainly – after what only sounds alike
(累死了, 打死也不, 同归于尽 in a film, policy questions about the dead) is taken out. Behind them a linear model over
characters (:mod:`handlers.ear`) hears what no pattern names: danger that is there outright alerts staff, too; the
rest is answered softly.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import yaml

from handlers import ear
from knowledge.text import simplified

Level = Literal["explicit", "veiled", "other", "medical", "violence", "abuse", "heard"]
"""``heard``: danger to life, of which kind the patterns do not say."""

SOFT: tuple[Level, ...] = ("veiled", "abuse")
"""Answered with numbers and the offer of a person; the others alert staff, too."""
FILE = Path(__file__).with_name("danger.yaml")
_MYSELF = re.compile(r"我|俺|咱|自己|老子|本人|吾|伲|唔|老汉|不想活|活不")
_SPELT = (
    (re.compile(r"(?i)zi\s*sha"), "自杀"),
    (re.compile(r"(?i)xiang\s*si"), "想死"),
    (re.compile(r"(?i)tiao\s*lou"), "跳楼"),
    (re.compile(r"(?i)bu\s*xiang\s*huo"), "不想活"),
    (re.compile(r"(?i)shang\s*diao"), "上吊"),
    (re.compile(r"(?i)qu\s*si"), "去死"),
    (re.compile(r"(?<=想|去)[4４]|(?<=不想)[5]"), "死"),
    (re.compile(r"自[sS]|zs(?=了|算)"), "自杀"),
)
"""Words that are spelt around: by sound, by number, by letters."""
_WIDE = str.maketrans(",!?;:()", "，！？；：（）")
"""The patterns know Chinese stops only."""
_APART = re.compile(
    r"(?<=[\u4e00-\u9fff])[\s.。·*＊_\-—/、,，~～]{1,2}(?=[\u4e00-\u9fff](?:[\s.。·*＊_\-—/、,，~～]|$|哪|了|的))"
)


_LEFT = re.compile(
    r"也?(?:都|早就?|刚|又|全)?(?:走|跑|离|没|死|去世|过世|不在|不要|不理|不管|不认|嫌|骂|赶|怪)[^，。！？]*[，。！？]"
)
"""Follows somebody who left, died or is unkind, to the end of that sentence."""
ALARM, SOFTLY, CARE = 0.3, 0.5, 0.07
"""Likelihoods by ear from which staff are alerted, the person is answered softly, and an ordinary
answer ends with the numbers; docs/evaluation.md says what each costs."""
_FEW = 3
"""Characters of which a tone can be heard."""
_SHORT, _SURER = 8, 0.3
"""Of fewer characters than that we must be so much surer: many an answer in a form is as short."""
_MARKS = (
    *("explicit", "veiled", "medical", "medical_now", "violence", "abuse"),
    *("asks_rule", "past_other", "long_ago", "overcome", "third"),
)
"""Kinds of pattern of which the ear is told whether they are there."""


@cache
def _words(kind: str) -> re.Pattern[str]:
    """The patterns of ``danger.yaml`` under ``kind``."""
    given: dict[str, list[str]] = yaml.safe_load(FILE.read_text("utf-8"))
    return re.compile("|".join(given[kind]))


def level(text: str) -> Level | None:
    """How ``text`` speaks of danger to life, or None."""
    return _heard(text)[0]


def worries(text: str) -> bool:
    """Whether ``text`` may come from somebody in despair, too unsurely for an answer of its own."""
    found, sounds = _heard(text)
    return found is None and sounds.danger >= CARE


@lru_cache(maxsize=16)
def _heard(text: str) -> tuple[Level | None, ear.Sounds]:
    spelt = _spelt_out(text)
    plain, joined = _harmful(spelt), _harmful(_APART.sub("", spelt))
    named = _level(plain) or (_level(joined) if joined != plain else None)
    if len(plain) < _FEW:
        return named, ear.Sounds(0.0, 0.0)
    sounds = ear.listen(pieces(plain), *ear.trained())
    surer = _SURER if len(plain) < _SHORT else 0.0
    if (named is None or named in SOFT) and sounds.outright >= ALARM + surer:
        return "heard", sounds
    if named is None and sounds.danger >= SOFTLY + surer and not _words("asks_rule").search(plain):
        return "veiled", sounds
    return named, sounds


def read(text: str) -> str:
    """``text`` as it is listened to: spelt out, and without what only sounds alike."""
    return _harmful(_spelt_out(text))


def pieces(plain: str) -> set[str]:
    """What the ear is given of a text that was ``read``."""
    return ear.pieces(plain, [kind for kind in _MARKS if _words(kind).search(plain)])


def _level(said: str) -> Level | None:
    if _words("violence").search(said):
        return "violence"
    if match := _words("explicit").search(said):
        if _words("asks_rule").search(said) and (
            _words("past_other").search(said) or not _MYSELF.search(said)
        ):
            return None
        if _words("long_ago").search(said) and _words("overcome").search(said):
            return None
        return "other" if _about_other(said, match.start()) else "explicit"
    if (
        _words("medical").search(said)
        and _words("medical_now").search(said)
        and not _words("asks_rule").search(said)
    ):
        return None if _words("long_ago").search(said) else "medical"
    if _words("abuse").search(said) and not _words("abuse_asks").search(said):
        return "abuse"
    return "veiled" if _words("veiled").search(said) else None


def _harmful(spelt: str) -> str:
    return _words("benign").sub("", spelt)


def _spelt_out(text: str) -> str:
    said = simplified(text).translate(_WIDE)
    for written, meant in _SPELT:
        said = written.sub(meant, said)
    return re.sub(r"\s+", "", said)


def _about_other(said: str, at: int) -> bool:
    """Whether the one in danger is somebody else: the nearest person before the words – but for those
    who left, died or are unkind: of whom that is said in a sentence of its own, it is the speaker."""
    people = list(_words("third").finditer(said, 0, at))
    if not people:
        return False
    between = said[people[-1].end() : at]
    return not re.search(r"我|俺", between) and not _LEFT.match(between)
