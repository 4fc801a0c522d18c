"""Where requests go: the most specific desk that is staffed, else upwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.desk import routing, rules
from tests.desk.conftest import MONDAY, SAMPLE, Desks


def where(desks: Desks, topic: str, county: str, town: str) -> routing.Routed:
    return routing.route(
        desks.session,
        topic,
        county=county,
        town=town,
        rules=rules.load(desks.session),
        now=MONDAY,
    )


@pytest.mark.parametrize(
    ("topic", "county", "town", "desk"),
    [
        ("hardship", "海门区", "三星镇", "sanxing"),
        ("hardship", "海门区", "悦来镇", "haimen"),  # a town without a desk
        ("hardship", "海门区", "", "haimen"),
        ("hardship", "启东市", "", "city"),  # a county without one
        ("hardship", "", "", "city"),  # nobody knows where
        ("legal", "海门区", "", "haimen-law"),  # a desk for this topic
        ("legal", "海门区", "三星镇", "sanxing"),  # the nearest comes first
        ("complaint", "海门区", "三星镇", "haimen"),  # the rule: county or higher
        ("martyrs", "海门区", "三星镇", "city"),  # the rule names the desk
        ("martyrs", "如东县", "掘港街道", "rudong"),  # … for one county only
    ],
)
def test_the_nearest_desk_that_takes_it(
    desks: Desks, topic: str, county: str, town: str, desk: str
) -> None:
    found = where(desks, topic, county, town)
    assert found.desk is not None
    assert (found.desk.code, found.staffed) == (desk, True)


def test_a_desk_whose_people_are_away_passes_upwards(desks: Desks) -> None:
    desks.staff("san").away_from = MONDAY - timedelta(hours=1)
    desks.staff("san").away_until = MONDAY + timedelta(hours=1)
    found = where(desks, "hardship", "海门区", "三星镇")
    assert found.desk is not None
    assert found.desk.code == "haimen"
    assert "示例三星站：没有在岗的接单员" in found.steps


@pytest.mark.parametrize("gone", [["li", "hua", "san", "fa"], ["li", "hua", "san", "fa", "zhou"]])
def test_with_nobody_in_the_county_the_city_has_it(desks: Desks, gone: list[str]) -> None:
    for username in gone:
        desks.staff(username).disabled_at = MONDAY
    desks.session.flush()
    found = where(desks, "hardship", "海门区", "三星镇")
    assert found.desk is not None
    assert found.desk.code == "city"
    assert found.staffed == ("zhou" not in gone)


def test_auditors_and_editors_do_not_make_a_desk_staffed(desks: Desks) -> None:
    for username in ("li", "hua"):
        desks.staff(username).disabled_at = MONDAY
    found = where(desks, "hardship", "海门区", "悦来镇")
    assert found.desk is not None
    assert found.desk.code == "city"


def test_the_command_imports_and_tries_a_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUJUN_DATABASE", f"sqlite:///{tmp_path}/a.db")
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke

    assert run(cli, ["migrate"]).exit_code == 0
    checked = run(cli, ["desk", "import", "--dry-run", str(SAMPLE)])
    assert "5 个部门、8 个岗位（没有导入）" in checked.output
    imported = run(cli, ["desk", "import", str(SAMPLE)])
    assert "已导入 5 个部门" in imported.output
    assert "新账号 li 还没有密码：youjun staff password li" in imported.output
    tried = run(cli, ["desk", "route", "--topic", "hardship", "--region", "海门区/三星镇"])
    assert "派给：示例三星站" in tried.output
    changed = run(cli, ["staff", "password", "li", "--password", "correct horse battery"])
    assert changed.exit_code == 0


@pytest.mark.parametrize(
    ("region", "said"), [("火星区", "没有县市区"), ("海门区/月球镇", "没有“月球镇”")]
)
def test_a_region_that_does_not_exist_is_not_tried(region: str, said: str) -> None:
    arguments = ["desk", "route", "--topic", "hardship", "--region", region]
    tried = CliRunner().invoke(cli, arguments, env={"COLUMNS": "200"})
    assert tried.exit_code == 2
    assert said in tried.output
