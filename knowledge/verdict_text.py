"""Verdicts and rules in plain Chinese, made from the data."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.eligibility import DISCLAIMER, MARKS, Verdict
from knowledge.facts import Fact
from knowledge.rules import Rule, When

_BORDERS = {
    "at_least": "满 {} ",
    "under": "不到 {} ",
    "from": "{} 起",
    "before": "{} 以前",
    "within_months": "至今不满 {} 个月",
    "in_months": "当月起 {} 个月内",
}


def detail(verdict: Verdict, facts: Mapping[str, Fact]) -> str:
    """One verdict with every condition, its mark and its source."""
    rule = verdict.rule
    lines = [f"【{rule.title}】{verdict.result}", rule.gives]
    lines += [f"{MARKS[one.value]} {one.condition.text}（{one.condition.source}）"
              for one in verdict.checked]  # fmt: skip
    if verdict.missing:
        lines.append("还差：" + "、".join(facts[fact].label for fact in verdict.missing))
    if verdict.begins:
        lines.append(not_yet(verdict))
    if rule.bureau_decides:
        lines.append(f"请以当地答复为准：{rule.bureau_decides}")
    return "\n".join([*lines, f"适用：{rule.region}。{DISCLAIMER}"])


def show(rule: Rule, facts: Mapping[str, Fact]) -> str:
    """A rule as an editor reads it."""
    lines = [f"【{rule.title}】（{rule.id}）", rule.gives, f"适用：{rule.region}"]
    if rule.valid_from or rule.valid_to:
        lines.append(f"有效：{rule.valid_from or '此前'} 至 {rule.valid_to or '另有规定时'}")
    lines.append("下面各条都要满足：")
    for number, one in enumerate(rule.conditions, 1):
        lines += [f"{number}. {one.text}（{one.source}）", f"   判断：{say(one.when, facts)}"]
    if rule.bureau_decides:
        lines.append(f"请以当地答复为准：{rule.bureau_decides}")
    return "\n".join([*lines, DISCLAIMER])


def say(when: When, facts: Mapping[str, Fact]) -> str:
    """An expression in words."""
    return "，并且".join(_part(key, value, facts) for key, value in when.items())


def _part(key: str, value: object, facts: Mapping[str, Fact]) -> str:
    if key == "not" and isinstance(value, Mapping):
        return f"不能是（{say(value, facts)}）"
    if key in ("all", "any") and isinstance(value, list):
        joint = "，并且" if key == "all" else "，或者"
        return "（" + joint.join(say(one, facts) for one in value) + "）"
    fact = facts[key]
    if isinstance(value, Mapping):
        return (
            fact.label + "".join(_BORDERS[op].format(edge) for op, edge in value.items()).rstrip()
        )
    if fact.kind == "region":
        return f"{fact.label}在{value}"
    values = value if isinstance(value, list) else [value]
    return f"{fact.label}：" + "或".join(fact.say(one) for one in values)


def not_yet(verdict: Verdict) -> str:
    """When a benefit begins that only wants time; empty for any other."""
    day = verdict.begins
    return f"还没到时候，{day.year}年{day.month}月{day.day}日起再看" if day else ""
