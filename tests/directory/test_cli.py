"""``youjun places``: what it prints, what it changes, how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests import sheets

ROOT = Path(__file__).parents[2]


def youjun(
    folder: Path, *command: str, of: str = "places", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", of, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_list_is_tried_imported_listed_and_taken_back(tmp_path: Path) -> None:
    rows = sheets.shops(30)
    rows[4]["kind"] = "小吃摊"
    sheets.write_xlsx(tmp_path / "a.xlsx", rows)
    tried = youjun(tmp_path, "import", "a.xlsx", "--dry-run", "--faults", "faults.csv")
    assert tried.returncode == 0, tried.stderr
    assert "共 30，新增 29，变更 0，缺少 0，不变 0，有错 1" in tried.stdout
    assert "《名单》 第 8 行 “类型”列：没有这个类别（写的是“小吃摊”）" in tried.stdout
    assert "名单没有变" in tried.stdout
    assert "小吃摊" in (tmp_path / "faults.csv").read_text("utf-8-sig")
    assert youjun(tmp_path, "imports").stdout == ""

    assert "已导入（1 号）" in youjun(tmp_path, "import", "a.xlsx").stdout
    assert "\t已生效\tsystem\ta.xlsx\t" in youjun(tmp_path, "imports").stdout
    assert "不变 29" in youjun(tmp_path, "import", "a.xlsx", "--dry-run").stdout
    assert "已撤销 1 号导入" in youjun(tmp_path, "revert").stdout
    assert "\t已撤销\t" in youjun(tmp_path, "imports").stdout
    refused = youjun(tmp_path, "revert")
    assert (refused.returncode, refused.stderr.strip()) == (1, "错误：没有可以撤销的导入")


def test_what_was_imported_is_found_nearby_and_a_sample_no_longer(tmp_path: Path) -> None:
    def names() -> list[str]:
        done = youjun(
            tmp_path, "--place", "海门三星镇", "--kind", "merchant", "--json", of="nearby"
        )
        return [one["name"] for one in json.loads(done.stdout)["locations"]]

    assert names()[0] == "示例·三星镇超市"  # shipped
    assert list(tmp_path.iterdir()) == []  # looking creates no database
    rows = [row for row in sheets.shops(200) if row["town"] == "三星镇"]
    sheets.write_csv(tmp_path / "a.csv", rows)
    assert youjun(tmp_path, "import", "a.csv").returncode == 0
    assert set(names()) == {row["name"] for row in rows}
    youjun(tmp_path, "revert")
    assert names()[0] == "示例·三星镇超市"


def test_the_template_and_the_export_are_written(tmp_path: Path) -> None:
    assert youjun(tmp_path, "template").returncode == 0
    assert (tmp_path / "地点名单模板.xlsx").stat().st_size > 5000
    exported = youjun(tmp_path, "export", "all.csv")
    assert "84 个地点" in exported.stdout
    again = youjun(tmp_path, "import", "all.csv", "--dry-run")
    assert "共 84，新增 0，" in again.stdout


def test_what_cannot_be_done_is_said_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"x")
    sheets.write_csv(tmp_path / "headless.csv", [])
    for command, said in (
        (("import", "nowhere.xlsx"), "找不到文件"),
        (("import", "a.doc"), "不认识“.doc”文件"),
        (("import", "headless.csv"), "没有导入"),
        (("revert", "7"), "没有 7 号导入"),
        (("geocode",), "没有启用地图服务"),
    ):
        done = youjun(tmp_path, *command)
        assert done.returncode != 0, command
        assert said in done.stderr, (command, done.stderr)
        assert "Traceback" not in done.stderr
