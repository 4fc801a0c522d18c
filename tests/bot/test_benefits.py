"""The benefits commands as an operator and a planner run them."""

from __future__ import annotations

import csv
import json
import time
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.benefits import benefits, count
from knowledge.base import Knowledge
from knowledge.eligibility import Judge

RUNNER = CliRunner()
TODAY = date(2026, 11, 23)


def test_a_profile_file_and_settings_give_every_condition_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "zhang.yaml"
    file.write_text("identity: veteran\nborn: 1962-3-1\nenlisted: 1981-10\n", "utf-8")
    said = ["--set", "rank=conscript", "--set", "rural=yes", "--set", "income=none"]
    ran = RUNNER.invoke(benefits, ["--profile", str(file), *said, "--date", "2026-11-23", "--json"])
    found = {one["benefit"]: one for one in json.loads(ran.output)}
    rural = found["rural-veteran-60"]
    assert (rural["result"], rural["missing"]) == ("符合", [])
    assert rural["conditions"][1] == {
        "text": "年满60周岁",
        "value": True,
        "source": "《军人抚恤优待条例》第62条",
    }
    assert found["disability-pension"]["missing"] == ["disability", "grade"]


def test_a_rule_is_shown_in_plain_chinese() -> None:
    shown = RUNNER.invoke(benefits, ["show", "rural-veteran-60"]).output
    assert "判断：年龄满 60" in shown
    assert "入伍年月1954-11-01 起、2011-11-01 以前" in shown


def test_a_bad_row_is_named_and_nothing_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("identity,grade\nveteran,8\nveteran,x\n", "utf-8")
    ran = RUNNER.invoke(benefits, ["simulate", str(file)])
    assert "第 3 行" in str(ran.exception)
    assert ran.output == ""


@pytest.mark.parametrize("arguments", [["--set", "identity"], ["--date", "23.11."], ["show", "x"]])
def test_bad_arguments_say_what_would_do(arguments: list[str]) -> None:
    assert isinstance(RUNNER.invoke(benefits, arguments).exception, ValueError)


def test_people_are_counted_by_benefit_and_region_in_time(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    file, people = tmp_path / "people.csv", 5000
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["identity", "born", "rank", "disability", "grade", "region"])
        for n in range(people):
            row = ["veteran", f"{1940 + n % 60}-5-1", "conscript", "war" if n % 2 else "none"]
            writer.writerow([*row, 1 + n % 10 if n % 2 else "", "海门区" if n % 5 else ""])
    started = time.process_time()
    counts = count(Judge(knowledge.library), file, TODAY)
    spent = time.process_time() - started
    assert counts["disabled-half-fare", "海门区", "符合"] == people * 2 // 5
    assert counts["disabled-half-fare", "不清楚", "不符合"] == people // 10
    assert sum(counts.values()) == people * len(knowledge.library.rules)
    assert spent * 100_000 / people < 30
