"""The 15-minute circle as a command and in the console."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.places.coverage import BadFigures, border, population
from knowledge.base import Knowledge
from tests.directory.conftest import Clerk


def test_the_command_writes_a_table_a_csv_and_a_page_that_needs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    people = tmp_path / "people.csv"
    people.write_text("县市区,乡镇街道,人口\n海门区,三星镇,80000\n", "utf-8-sig")
    wanted = ["--mode", "ebike", "--csv", "a.csv", "--html", "a.html", "--population", "people.csv"]
    done = CliRunner().invoke(cli, ["places", "coverage", *wanted], catch_exceptions=False)
    assert done.exit_code == 0
    assert "海门区\t拥军商户、示范街区\t0/" in done.output
    assert "没有找到“15 分钟拥军服务圈”的官方量法" in done.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig"))))
    (sanxing,) = [
        r for r in rows if r["乡镇街道"] == "三星镇" and r["村社区"] == "" and r["找什么"] == "景区"
    ]
    assert (sanxing["够得着"], sanxing["人口"]) == ("否", "80000")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.count("<svg") == 5
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "示例 " in page


def test_figures_and_borders_that_cannot_be_used_are_refused_with_where(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    path = tmp_path / "f.csv"
    for text, said in (
        ("县市区,人口\n", "缺少列：乡镇街道"),
        ("县市区,乡镇街道,人口\n海门区,三心镇,5\n", "第 2 行：没有“海门区三心镇”"),
        ("县市区,乡镇街道,人口\n海门区,三星镇,约八万\n", "第 2 行：人口“约八万”不是整数"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(BadFigures, match=said):
            population(path, knowledge)
    for text in ("{", '{"type": "Point", "coordinates": [1, 2]}', '{"type": "Polygon"}'):
        path.write_text(text, "utf-8")
        with pytest.raises(BadFigures):
            border(path)
    path.write_text('{"type":"Polygon","coordinates":[[[120,31],[121,31],[121,32]]]}', "utf-8")
    assert border(path) == [[(31.0, 120.0), (31.0, 121.0), (32.0, 121.0)]]


async def test_the_console_shows_the_circle_to_clerks_and_gives_it_as_files(
    clerks: dict[str, Clerk],
) -> None:
    li, stranger = clerks["li"], clerks["stranger"]
    page = await li.get("/coverage?minutes=30&mode=ebike")
    assert page.status_code == 200
    assert "30 分钟拥军服务圈（骑电动自行车）" in page.text
    assert "15 分钟拥军服务圈（步行）" in (await li.get("/coverage?minutes=999&mode=car")).text
    assert (await li.get("/coverage.csv")).text.startswith("\ufeff县市区")
    assert "<svg" in (await li.get("/coverage.html")).text
    for path in ("/coverage", "/coverage.csv", "/coverage.html"):
        assert "拥军服务圈" not in (await stranger.get(path)).text
