"""Calculators against examples worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.flows.calculate import told
from knowledge.base import Knowledge
from knowledge.calculators import Unreadable, read
from knowledge.sums import NotCovered, work_out

CASES = yaml.load(
    Path(__file__).with_name("calculators.yaml").read_text("utf-8"),
    Loader=yaml.BaseLoader,  # noqa: S506
)


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{one['id']}" for n, one in enumerate(CASES)])
def test_a_calculator_agrees_with_the_hand(knowledge: Knowledge, case: dict[str, Any]) -> None:
    calculator = knowledge.library.calculators[case["id"]]
    given, day = read(calculator, case["say"]), date.fromisoformat(case.get("day", "2026-11-23"))
    if "refused" in case:
        with pytest.raises(NotCovered, match=case["refused"]):
            work_out(calculator, given, day)
        return
    found = work_out(calculator, given, day)
    got = {key: _shown(found.values[key]) for key in case["want"]}
    assert got == {key: _shown(value) for key, value in case["want"].items()}
    assert list(found.missing) == case.get("missing", [])
    assert "仅供参考，以发放部门核定为准" in told(calculator, found)


def test_a_rate_is_said_in_percent_and_as_it_is_multiplied(knowledge: Knowledge) -> None:
    calculator = knowledge.library.calculators["discharge-bonus"]
    given = read(calculator, {"merit": "third", "base": "10000"})
    lines = work_out(calculator, given, date(2026, 11, 23)).lines
    assert list(lines) == ["增发比例：5%（0.05）", "增发：10000 × 0.05 = 500元"]


def test_every_calculator_has_an_example(knowledge: Knowledge) -> None:
    assert set(knowledge.library.calculators) == {case["id"] for case in CASES}


@pytest.mark.parametrize(
    "say",
    [
        {"monthly": "abc", "who": "survivor"},
        {"monthly": "-1", "who": "combat"},
        {"who": "x", "monthly": "1"},
        {"who": "survivor"},
        {"who": "survivor", "monthly": "1", "pay": "2"},
    ],
)
def test_what_cannot_be_calculated_is_said(knowledge: Knowledge, say: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        read(knowledge.library.calculators["funeral-months"], say)


def _shown(value: Any) -> str:
    if isinstance(value, date) or (isinstance(value, str) and "-" in value):
        return str(value)
    return str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))
