"""Opening hours: what clerks write, what it means on every kind of day, what is refused."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.days import day_kind
from knowledge.hours import Unclear, parse
from knowledge.opening import OpenState, shown

CASES = yaml.safe_load((Path(__file__).parent / "hours.yaml").read_text("utf-8"))
DAYS = {
    "workday": date(2026, 11, 23),  # Monday
    "tuesday": date(2026, 11, 24),
    "saturday": date(2026, 11, 28),
    "holiday": date(2026, 10, 1),  # Thursday, National Day
    "holiday-monday": date(2026, 10, 5),
    "worked-saturday": date(2026, 10, 10),
}


def on(text: str, day: date) -> str:
    opening = parse(text)
    assert opening is not None
    spans = opening.spans(day, day_kind(day))
    return "不知道" if spans is None else " ".join(shown(spans)) or "休息"


@pytest.mark.parametrize("case", CASES["understood"], ids=lambda case: case["text"])
def test_what_is_written_is_understood_for_every_kind_of_day(case: dict[str, Any]) -> None:
    expected = {key: value for key, value in case.items() if key != "text"}
    assert {key: on(case["text"], DAYS[key]) for key in expected} == expected


@pytest.mark.parametrize(("text", "said"), CASES["refused"].items())
def test_what_is_not_understood_is_named(text: str, said: str) -> None:
    with pytest.raises(Unclear) as refused:
        parse(text)
    assert said in str(refused.value)


def test_nothing_written_is_no_hours() -> None:
    assert parse("  ") is None


@pytest.mark.parametrize(
    ("text", "now", "state"),
    [
        ("周一至周五 9:00-17:00", "2026-11-23 09:00", (True, "2026-11-23 17:00")),
        ("周一至周五 9:00-17:00", "2026-11-23 17:00", (False, "2026-11-24 09:00")),
        ("周一至周五 9:00-17:00", "2026-11-27 18:00", (False, "2026-11-30 09:00")),
        ("周一至周五 9:00-17:00", "2026-10-01 10:00", (None, None)),
        ("每天 18:00-次日2:00", "2026-11-24 01:59", (True, "2026-11-24 02:00")),
        ("每天 18:00-次日2:00", "2026-11-24 02:00", (False, "2026-11-24 18:00")),
        ("全天24小时", "2026-11-23 03:00", (True, None)),
        ("5月-10月 9:00-17:00", "2026-11-23 10:00", (False, None)),
    ],
)
def test_open_now_and_until_when(text: str, now: str, state: tuple[bool | None, str]) -> None:
    opening = parse(text)
    assert opening is not None
    open_now, until = state
    moment = datetime.fromisoformat(now)
    expected = OpenState(open_now, datetime.fromisoformat(until) if until else None)
    assert opening.at(moment, day_kind) == expected
