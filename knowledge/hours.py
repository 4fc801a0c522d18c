"""Reads opening hours as clerks write them: 周一至周五 8:30-11:30，14:00-17:30；周末休息.

Whatever is not understood is refused by name; nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from knowledge.opening import EVERY_DAY, DayKind, Minutes, Opening, Rule

EXAMPLE = "周一至周五 8:30-11:30,14:00-17:30；周末休息"
_WEEK = {name: number % 7 for number, name in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_TIME = r"(?:次日|凌晨|早上|上午|中午|下午|晚上|晚)?\d{1,2}(?:[:.点时]\d{0,2}半?分?)?"
_DAY = r"(?:周|星期|礼拜)?[一二三四五六日天]"
_DATE = r"\d{1,2}月(?:\d{1,2}[日号])?"
_TOKENS = re.compile(
    rf"(?P<season>{_DATE}-(?:次年)?{_DATE})"
    r"|(?P<kind>法定节假日|国家法定节假日|节假日|国定假|法定假日|假期|工作日|周末|双休日|双休)"
    r"|(?P<every>每天|每日|天天|全年|全周)"
    rf"|(?P<days>(?:周|星期|礼拜)[一二三四五六日天](?:-{_DAY}|(?:[、,]?(?:和|及)?{_DAY})*))"
    rf"|(?P<span>{_TIME}-{_TIME})"
    r"|(?P<allday>24小时|全天候|全天)"
    r"|(?P<closed>不营业|不开放|不上班|不对外|休息|闭馆|闭园|休馆|停业|关门)"
    r"|(?P<except>除外|不含)"
    r"|(?P<end>[;\n。])"
    r"|(?P<filler>营业时间|开放时间|服务时间|接待时间|办公时间|门诊时间|上午|下午|营业|开放|接待|办公"
    r"|照常|正常|无休|不休|均|为|:|[、,()\s])"
)
_KINDS: dict[str, DayKind] = {
    "工作日": "workday",
    "周末": "weekend",
    "双休日": "weekend",
    "双休": "weekend",
}
_DASHES = re.compile(r"\s*(?:-|–|—|―|~|〜|～|至|到)+\s*")


class Unclear(ValueError):
    """The hours cannot be understood; the message says which part, in words for editors."""


@dataclass
class _Draft:
    """One rule being read: its days, then its spans."""

    rule: Rule
    named: bool = False
    closed: bool = False
    spans: list[Minutes] = field(default_factory=list)

    @property
    def begun(self) -> bool:
        return bool(self.spans) or self.closed


def parse(text: str) -> Opening | None:
    """The hours in ``text``; None when there are none. Raises Unclear."""
    said = text.strip()
    if not said:
        return None
    drafts: list[_Draft] = []
    for word, part in _scan(_plain(said)):
        _take(drafts, word, part)
    rules = tuple(_finish(draft) for draft in drafts if draft.begun)
    if not any(rule.spans for rule in rules):
        raise Unclear("没有写几点到几点")
    if len(rules) != len([draft for draft in drafts if draft.begun or draft.named]):
        raise Unclear("有的日子没有写几点到几点，也没有写休息")
    return Opening(said, _with_holidays(rules))


def _plain(text: str) -> str:
    said = unicodedata.normalize("NFKC", text).replace("：", ":").replace("；", ";")
    said = re.sub(r"除(.{1,9}?)(?:以|之)?外", r"\1除外;", said)
    return _DASHES.sub("-", said)


def _scan(said: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(said):
        match = _TOKENS.match(said, at)
        if match is None or match.end() == at:
            rest = re.split(r"[;,。\s]", said[at:])[0][:12] or said[at:][:12]
            raise Unclear(f"看不懂“{rest}”")
        at = match.end()
        yield match.lastgroup or "", match[0]


def _take(drafts: list[_Draft], word: str, part: str) -> None:
    """Let one word change the rule being read, or begin the next."""
    if word in ("filler", "end"):
        return
    if word == "except":
        return _except(drafts)
    if word in ("season", "kind", "every", "days"):
        return _begin(drafts, word, part)
    if not drafts or drafts[-1].closed or (word == "closed" and drafts[-1].begun):
        drafts.append(_Draft(Rule(assumed=True)))
    draft = drafts[-1]
    if word == "closed":
        if not draft.named:
            raise Unclear("“休息”“闭馆”前面要写是哪一天")
        draft.closed = True
    else:
        draft.spans.append((0, 1440) if word == "allday" else _span(part))


def _begin(drafts: list[_Draft], word: str, part: str) -> None:
    """Days or a season open a new rule, unless the last one still waits for its hours."""
    fresh = bool(drafts) and not drafts[-1].begun
    if word == "season":
        drafts.append(_Draft(Rule(assumed=True, season=_season(part)), named=True))
        return
    last = drafts[-1].rule if drafts else Rule(assumed=True)
    rule = Rule(season=last.season)
    if word == "kind":
        kind = _KINDS.get(part, "holiday")
        rule = replace(rule, kind=kind)
    elif word == "days":
        rule = replace(rule, days=_days(part))
    if fresh and (last.assumed or _joined(last, rule)):
        days = rule.days if last.assumed else last.days | rule.days
        drafts[-1].rule, drafts[-1].named = replace(rule, days=days), True
    else:
        drafts.append(_Draft(rule, named=True))


def _joined(last: Rule, rule: Rule) -> bool:
    """周一、周三 9:00-11:00: days that follow one another share the hours."""
    return last.kind is None and rule.kind is None and last.days != EVERY_DAY


def _except(drafts: list[_Draft]) -> None:
    """节假日除外 closes the days before it; behind a closed day it lifts the closing."""
    if not drafts or drafts[-1].begun:
        raise Unclear("“除外”前面要写是哪一天")
    draft = drafts[-1]
    before = drafts[-2] if len(drafts) > 1 else None
    if draft.rule.kind == "holiday" and before and before.closed:
        before.rule = replace(before.rule, but_holidays=True)
        drafts.pop()
        return
    draft.closed = True


def _finish(draft: _Draft) -> Rule:
    if draft.closed and draft.spans:
        raise Unclear("同一天又写了时间又写了休息")
    spans = tuple(sorted(set(draft.spans)))
    for (_, ends), (starts, _) in pairwise(spans):
        if starts < ends:
            raise Unclear("同一天的两段时间重叠了")
    return replace(draft.rule, spans=spans)


def _with_holidays(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """周一闭馆（节假日除外）says that the rest holds on holidays."""
    if not any(rule.but_holidays for rule in rules):
        return rules
    return tuple(replace(rule, assumed=False) for rule in rules)


def _days(part: str) -> frozenset[int]:
    names = re.findall(r"[一二三四五六日天]|-", part.replace("星期", "").replace("周", ""))
    numbers = [_WEEK[name] for name in names if name != "-"]
    if "-" not in names:
        return frozenset(numbers)
    first, last = numbers[0], numbers[-1]
    return frozenset((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))


def _season(part: str) -> tuple[tuple[int, int], tuple[int, int]]:
    first, last = part.split("-")
    (month, day), (to_month, to_day) = _date(first), _date(last)
    return (month, day or 1), (to_month, to_day or 31)


def _date(part: str) -> tuple[int, int]:
    month, *day = (int(number) for number in re.findall(r"\d+", part))
    if not 1 <= month <= 12 or (day and not 1 <= day[0] <= 31):
        raise Unclear(f"没有“{part}”这一天")
    return month, day[0] if day else 0


def _span(part: str) -> Minutes:
    left, right = part.split("-")
    opens, closes = _time(left), _time(right)
    if "下午" in left and "午" not in right and "晚" not in right and closes <= 720:
        closes += 720
    if closes <= opens and (right.startswith("次日") or (opens >= 900 and closes <= 360)):
        closes += 1440
    if closes <= opens:
        raise Unclear(f"“{part}”关门早于开门；请用 24 小时制，如 9:00-17:00，跨夜写“次日”")
    return opens, closes


def _time(part: str) -> int:
    numbers = [int(number) for number in re.findall(r"\d+", part)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 30 if "半" in part else 0
    if any(word in part for word in ("下午", "晚", "中午")) and hour < 11:
        hour += 12
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise Unclear(f"没有“{part}”这个时间")
    return hour * 60 + minute
