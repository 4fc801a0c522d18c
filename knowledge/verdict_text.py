"""One verdict in plain Chinese, made from the data."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.eligibility import DISCLAIMER, MARKS, Verdict
from knowledge.facts import Fact


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


def not_yet(verdict: Verdict) -> str:
    """When a benefit begins that only wants time; empty for any other."""
    day = verdict.begins
    return f"还没到时候，{day.year}年{day.month}月{day.day}日起再看" if day else ""
