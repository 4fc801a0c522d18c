"""Verdicts and rules in plain Chinese, made from the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from knowledge.eligibility import DISCLAIMER, MARKS, Verdict
from knowledge.facts import Fact
from knowledge.rules import Rule, When

GROUPS = (("符合", "现在就能办"), ("还差信息", "还差信息"), ("不符合", "不符合及原因"))
_BORDERS = {
    "at_least": "满 {} ",
    "under": "不到 {} ",
    "from": "{} 起",
    "before": "{} 以前",
    "within_months": "至今不满 {} 个月",
    "in_months": "当月起 {} 个月内",
}


def overview(verdicts: Iterable[Verdict], facts: Mapping[str, Fact]) -> str:
    """The result by group; benefits of other identities are counted, not listed."""
    listed = list(verdicts)
    parts = [_group(title, [one for one in listed if one.result == result], facts)
             for result, title in GROUPS]  # fmt: skip
    return "\n\n".join([*(part for part in parts if part), DISCLAIMER])


def detail(verdict: Verdict, facts: Mapping[str, Fact]) -> str:
    """One verdict with every condition, its mark and its source."""
    rule = verdict.rule
    lines = [f"【{rule.title}】{verdict.result}", rule.gives]
    lines += [f"{MARKS[one.value]} {one.condition.text}（{one.condition.source}）"
              for one in verdict.checked]  # fmt: skip
    if verdict.missing:
        lines.append("还差：" + "、".join(facts[fact].label for fact in verdict.missing))
    if verdict.begins:
        lines.append(_later(verdict))
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


def _group(title: str, verdicts: list[Verdict], facts: Mapping[str, Fact]) -> str:
    shown = [one for one in verdicts if not _of_others(one)]
    lines = [f"· {one.rule.title}：{_because(one, facts)}" for one in shown]
    if others := len(verdicts) - len(shown):
        lines.append(f"· 另有 {others} 项是给别的身份的，发“清单”可看每一项的原因")
    return "\n".join([f"【{title}】{len(verdicts)} 项", *lines]) if verdicts else ""


def _of_others(verdict: Verdict) -> bool:
    first = verdict.checked[0]
    return verdict.result == "不符合" and first.value is False


def _because(verdict: Verdict, facts: Mapping[str, Fact]) -> str:
    if verdict.result == "符合":
        return verdict.rule.gives
    if verdict.result == "还差信息":
        return "还要知道" + "、".join(facts[fact].label for fact in verdict.missing[:4])
    if verdict.begins:
        return _later(verdict)
    return f"要“{verdict.failed[0].text}”"


def _later(verdict: Verdict) -> str:
    day = verdict.begins
    return f"还没到时候，{day.year}年{day.month}月{day.day}日起再看" if day else ""
