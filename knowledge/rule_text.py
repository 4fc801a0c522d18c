"""A rule in plain Chinese as an editor reads it, made from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.cases import Said
from knowledge.eligibility import DISCLAIMER, Judge
from knowledge.facts import Fact, profile
from knowledge.rules import Rule, When

_BORDERS = {
    "at_least": "满 {} ",
    "under": "不到 {} ",
    "from": "{} 起",
    "before": "{} 以前",
    "within_months": "至今不满 {} 个月",
    "in_months": "当月起 {} 个月内",
}


@dataclass(frozen=True)
class Spelled:
    """One condition: what people read, what is tested, who says so, who fails by it."""

    text: str
    tested: str
    source: str
    stopped: tuple[str, ...]
    """Examples that fail by this condition, as changes of somebody entitled."""


@dataclass(frozen=True)
class RuleText:
    """One rule in words."""

    rule: Rule
    article: str
    validity: str
    conditions: tuple[Spelled, ...]
    examples: int
    entitled: str
    """Somebody who gets it, in words; the examples that fail are changes of them."""

    @property
    def untested(self) -> int:
        """Conditions that stop nobody in the examples."""
        return sum(not one.stopped for one in self.conditions)


def describe(judge: Judge, rule: Rule) -> RuleText:
    """``rule`` with its conditions, sources, dates and examples in words."""
    library = judge.library
    cases = library.cases.get(rule.id)
    return RuleText(
        rule=rule,
        article=library.entry_title(rule.article),
        validity=_validity(rule),
        conditions=tuple(_spelled(judge, rule, number) for number in range(len(rule.conditions))),
        examples=sum(1 for _ in cases.worked()) if cases else 0,
        entitled=_change(cases.base, judge.facts) if cases else "",
    )


def show(judge: Judge, rule: Rule) -> str:
    """The same as text for a terminal."""
    told = describe(judge, rule)
    lines = [f"【{rule.title}】（{rule.id}）", rule.gives, f"适用：{rule.region}；{told.validity}"]
    lines.append(f"说明文章：{told.article}（{rule.article}）")
    lines.append(f"符合的例子：{told.entitled}")
    lines.append("下面各条都要满足：")
    for number, one in enumerate(told.conditions, 1):
        lines += [f"{number}. {one.text}（{one.source}）", f"   判断：{one.tested}"]
        lines.append("   卡在这一条的例子：" + ("；".join(one.stopped) or "没有，请补"))
    if rule.bureau_decides:
        lines.append(f"请以当地答复为准：{rule.bureau_decides}")
    return "\n".join([*lines, f"例子共 {told.examples} 个。{DISCLAIMER}"])


def say(when: When, facts: Mapping[str, Fact]) -> str:
    """An expression in words."""
    return "，并且".join(_part(key, value, facts) for key, value in when.items())


def stopped(judge: Judge, rule: Rule, number: int) -> tuple[Said, ...]:
    """The examples of a no that fail by condition ``number``, as changes of the entitled one."""
    cases = judge.library.cases.get(rule.id)
    if cases is None:
        return ()
    test = judge.tests[rule.id][number]
    found = ((one, profile({**cases.base, **one}, judge.facts)) for one in cases.fails)
    return tuple(one for one, known in found if test(known, cases.day) is False)


def _spelled(judge: Judge, rule: Rule, number: int) -> Spelled:
    condition = rule.conditions[number]
    return Spelled(
        condition.text,
        _unwrapped(condition.when, say(condition.when, judge.facts)),
        str(condition.source),
        tuple(_change(one, judge.facts) for one in stopped(judge, rule, number)),
    )


def _unwrapped(when: When, said: str) -> str:
    """Without brackets around the whole."""
    return said[1:-1] if len(when) == 1 and next(iter(when)) in ("all", "any") else said


def _change(said: Said, facts: Mapping[str, Fact]) -> str:
    known = profile(said, facts)
    return "、".join(f"{facts[key].label}：{facts[key].say(value)}" for key, value in known.items())


def _validity(rule: Rule) -> str:
    if rule.valid_from or rule.valid_to:
        return f"有效期 {rule.valid_from or '此前'} 至 {rule.valid_to or '另有规定时'}"
    return "没有写明终止日期"


def _part(key: str, value: object, facts: Mapping[str, Fact]) -> str:
    if key == "not" and isinstance(value, Mapping):
        return f"不能是（{say(value, facts)}）"
    if key in ("all", "any") and isinstance(value, list):
        joint = "，并且" if key == "all" else "，或者"
        return "（" + joint.join(say(one, facts) for one in value) + "）"
    fact = facts[key]
    if isinstance(value, Mapping):
        borders = (_BORDERS[op].format(edge) for op, edge in value.items())
        return fact.label + "、".join(border.strip() for border in borders)
    if fact.kind == "region":
        return f"{fact.label}在{value}"
    values = value if isinstance(value, list) else [value]
    return f"{fact.label}：" + "或".join(fact.say(one) for one in values)
