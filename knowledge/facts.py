"""What a rule may ask about a person: typed facts, each with its question and its form."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from knowledge.numerals import arabic
from knowledge.schema import File, Line

FactKey = Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,20}$")]
Span: TypeAlias = tuple[date, date]
"""The first and the last day a date may be: 1966-03 is any day of that March, 1966 of the year."""
Profile: TypeAlias = dict[str, Any]
"""Facts as :func:`profile` gives them: text, bool, number or Span, by id. What is not in it is
unknown."""
_DAY = re.compile(r"^(\d{4})(?:[-年./](\d{1,2})(?:[-月./](\d{1,2}))?)?[年月日号]?$")
_MONTH = re.compile("([一二三四五六七八九])(?=[月日号])")
_LIFE = (("born", "出生"), ("enlisted", "入伍"), ("discharged", "退役"))
"""Days that can only follow each other in this order."""
UNKNOWN = frozenset(
    {"", "unknown", "不清楚", "不知道", "记不清", "记不清了", "忘了", "忘记了", "说不清", "?", "？"}
)
_YES = {"yes": True, "true": True, "是": True, "有": True, "no": False, "false": False}
_YES |= {"否": False, "不是": False, "没有": False}


class FactError(ValueError):
    """A fact cannot be read; says which and what would do."""


class FactOption(File):
    """One possible value of a fact."""

    value: Line
    label: Line


class Fact(File):
    """One thing rules ask about."""

    id: FactKey
    kind: Literal["choice", "yes", "number", "date", "region"]
    label: Line
    ask: Line
    """The question as the person reads it."""
    options: tuple[FactOption, ...] = ()
    samples: tuple[Any, ...] = ()
    """Values on both sides of the borders: by them we see how decisive the question is."""
    asked: bool = True
    """False for what follows from another fact (age from the day of birth) or is only counted by."""
    lowest: int = 0
    highest: int = Field(default=120)

    def say(self, value: object) -> str:
        """A value as the person reads it."""
        if isinstance(value, bool):
            return "是" if value else "不是"
        if isinstance(value, tuple):
            return _say_span(value)
        labels = {option.value: option.label for option in self.options}
        return labels.get(str(value), str(value))


def profile(said: Mapping[str, object], facts: Mapping[str, Fact]) -> Profile:
    """Read what was said, by fact. Raises FactError with the fact and a remedy."""
    found: Profile = {}
    for key, value in said.items():
        if key not in facts:
            raise FactError(f"不认识“{key}”，可用的有：{'、'.join(facts)}")
        if (read := parse(facts[key], value)) is not None:
            found[key] = read
    _agree(found)
    return found


def parse(fact: Fact, value: object) -> object | None:
    """One value; None when it is not known. Raises FactError."""
    text = str(value).strip()
    if value is None or text.lower() in UNKNOWN:
        return None
    readers = {"choice": _choice, "region": _choice, "yes": _yes, "number": _number, "date": _date}
    return readers[fact.kind](fact, text)


def _choice(fact: Fact, text: str) -> object:
    for option in fact.options:
        if text in (option.value, option.label):
            return option.value
    known = "、".join(f"{option.value}（{option.label}）" for option in fact.options)
    raise FactError(f"“{fact.label}”没有“{text}”这一项，可写：{known}")


def _yes(fact: Fact, text: str) -> object:
    if text.lower() in _YES:
        return _YES[text.lower()]
    raise FactError(f"“{fact.label}”请写 yes、no 或 unknown，不是“{text}”")


def _number(fact: Fact, text: str) -> object:
    digits = arabic(text).removesuffix("级").removesuffix("岁").removesuffix("年")
    if re.fullmatch(r"\d{1,3}", digits) and fact.lowest <= int(digits) <= fact.highest:
        return int(digits)
    raise FactError(f"“{fact.label}”请写 {fact.lowest} 到 {fact.highest} 的整数，不是“{text}”")


def _date(fact: Fact, text: str) -> object:
    digits = _MONTH.sub(lambda one: str("一二三四五六七八九".index(one[1]) + 1), arabic(text))
    match = _DAY.match(digits.replace(" ", ""))
    try:
        if match is None:
            raise ValueError
        if match[2] is None:
            return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
        year, month, day = int(match[1]), int(match[2]), match[3]
        last = calendar.monthrange(year, month)[1]
        first = date(year, month, int(day) if day else 1)
        return (first, first) if day else (first, date(year, month, last))
    except ValueError:
        message = f"“{fact.label}”请写年月或年月日，如 1966-3 或 1966-3-15，不是“{text}”"
        raise FactError(message) from None


def _agree(found: Profile) -> None:
    """Dates that cannot both be true are said at once, not judged."""
    order = [(key, word) for key, word in _LIFE if key in found]
    for (one, earlier), (other, later) in pairwise(order):
        if found[one][0] > found[other][1]:
            raise FactError(f"日期对不上：{earlier}比{later}晚，请核对")


def _say_span(span: Span) -> str:
    first, last = span
    if first == last:
        return f"{first.year}年{first.month}月{first.day}日"
    if first.month != last.month:
        return f"{first.year}年"
    return f"{first.year}年{first.month}月"
