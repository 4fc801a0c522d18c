"""The command line: its public JSON shapes, its words, its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ASK = {"question", "status", "article", "score", "options", "flow", "sources", "text"}
STATUSES = {
    "answered", "unclear", "unknown", "elsewhere", "expired",
    "crisis", "smalltalk", "command", "handoff",
}  # fmt: skip
LOCATION = {
    "id", "name", "kind", "address", "distance_m", "lat", "lon", "verified_on", "sample",
    "approximate", "county", "town", "phone", "offer", "card", "hours", "walk_minutes", "over_river",
}  # fmt: skip


def youjun(
    folder: Path, *command: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_its_version(tmp_path: Path) -> None:
    said = youjun(tmp_path, "--version")
    assert said.returncode == 0
    assert re.match(r"通通优军 \d+\.\d+\.\d+", said.stdout)


def asked(folder: Path, *command: str) -> dict[str, Any]:
    done = youjun(folder, "ask", *command, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_answer_has_the_documented_shape(tmp_path: Path) -> None:
    found = asked(tmp_path, "优待证丢了怎么补办")
    assert set(found) == ASK
    assert found["status"] == "answered"
    assert found["article"] == "preferential-card-lost-replace"
    assert 0 < found["score"] <= 1
    assert found["flow"] is None
    assert found["sources"]
    assert "挂失" in found["text"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("question", "status", "flow"),
    [
        ("我不想活了", "crisis", None),
        ("你好", "smalltalk", None),
        ("菜单", "command", None),
        ("家里揭不开锅了", "handoff", "request:hardship-aid"),
        ("附近有什么拥军商户", "command", "nearby:merchant"),
        ("量子计算机怎么造", "unknown", None),
        ("安置", "unclear", None),
    ],
)
def test_statuses(tmp_path: Path, question: str, status: str, flow: str | None) -> None:
    found = asked(tmp_path, question)
    assert (found["status"], found["flow"]) == (status, flow)


def test_the_region_decides(tmp_path: Path) -> None:
    question = "三等功在定点医院住院优惠多少"
    assert asked(tmp_path, question, "--region", "通州区")["status"] == "answered"
    assert asked(tmp_path, question, "--region", "海门区")["status"] == "elsewhere"


def test_a_batch_answers_line_by_line_in_order(tmp_path: Path) -> None:
    questions = ["优待证丢了怎么补办", "", "你好", "残疾军人坐火车半价吗"]
    (tmp_path / "q.txt").write_text("\n".join(questions) + "\n", "utf-8")
    done = youjun(tmp_path, "ask", "--batch", "q.txt")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["question"] for one in found] == questions
    assert {one["status"] for one in found} <= STATUSES


def test_nearby_has_the_documented_shape(tmp_path: Path) -> None:
    done = youjun(tmp_path, "nearby", "--place", "海门三星镇", "--json", "--limit", "3")
    found = json.loads(done.stdout)
    assert set(found) == {"status", "origin", "options", "locations", "radius_m", "hint"}
    assert found["status"] == "ok"
    assert found["origin"]["name"] == "海门区三星镇"
    assert len(found["locations"]) == 3
    assert all(set(one) == LOCATION for one in found["locations"])
    assert found["locations"][0]["sample"] is True


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("--lat", "31.98", "--lon", "120.89"), "ok"),
        (("--lat", "31.98", "--lon", "120.89", "--crs", "bd09", "--kind", "scenic"), "ok"),
        (("--lat", "31.2", "--lon", "121.4"), "outside"),
        (("--place", "城东"), "ambiguous"),
        (("--place", "苏州"), "outside"),
        (("--place", "火星"), "none"),
    ],
)
def test_nearby_statuses(tmp_path: Path, command: tuple[str, ...], status: str) -> None:
    found = json.loads(youjun(tmp_path, "nearby", *command, "--json").stdout)
    assert found["status"] == status


@pytest.mark.parametrize(
    "command",
    [
        ("ask",),
        ("nearby", "--lat", "31"),
        ("nearby", "--place", "海门", "--kind", "shop"),
        ("serve", "--config", "nowhere.yaml"),
        (
            "staff",
            "add",
            "li",
            "--name",
            "李",
            "--county",
            "火星区",
            "--password",
            "long-enough-words",
        ),
        ("staff", "add", "li", "--name", "李", "--password", "short"),
        ("ask", "--batch", "nowhere.txt"),
        ("serve",),
    ],
)
def test_errors_are_sentences_without_tracebacks(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = youjun(tmp_path, *command)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert any("\u4e00" <= character <= "\u9fff" for character in done.stderr), done.stderr


def test_staff_are_added_listed_and_disabled(tmp_path: Path) -> None:
    password = "wind-over-haohe-31"
    add = ("staff", "add", "li", "--name", "李同志", "--county", "海门区", "--password", password)
    assert youjun(tmp_path, *add).returncode == 0
    assert youjun(tmp_path, *add).returncode != 0
    assert "li\t李同志\t海门区\tclerk\t在用" in youjun(tmp_path, "staff", "list").stdout
    assert youjun(tmp_path, "staff", "disable", "li").returncode == 0
    assert "已停用" in youjun(tmp_path, "staff", "list").stdout
    assert youjun(tmp_path, "staff", "disable", "nobody").returncode != 0


def test_the_knowledge_check_is_clean_and_the_configuration_is_shown(tmp_path: Path) -> None:
    done = youjun(tmp_path, "check")
    assert done.returncode == 0
    assert "0 个错误" in done.stdout
    shown = youjun(
        tmp_path, "config", "check", YOUJUN_DATABASE="postgresql+psycopg://u:geheim@db/x"
    )
    assert "geheim" not in shown.stdout + shown.stderr
    assert "db/x" in shown.stdout


def test_talk_answers_lines_and_numbers(tmp_path: Path) -> None:
    done = youjun(tmp_path, "talk", stdin="优待证丢了怎么补办\n人工\n")
    assert done.returncode == 0, done.stderr
    assert "先向制卡银行挂失" in done.stdout
    assert "您想问什么" in done.stdout


def test_purge_counts_before_it_deletes(tmp_path: Path) -> None:
    youjun(tmp_path, "talk", stdin="你好\n")
    assert "将删除 0\t聊天记录" in youjun(tmp_path, "purge", "--dry-run").stdout
    assert "已删除 0\t聊天记录" in youjun(tmp_path, "purge").stdout


def test_every_promise_of_the_founding_report_is_served(tmp_path: Path) -> None:
    done = youjun(tmp_path, "coverage")
    rows = [line.split("|") for line in done.stdout.splitlines()[2:]]
    assert len(rows) >= 30
    for row in rows:
        assert any(cell.strip() for cell in row[2:5]), row
    for named in ("关爱宜居", "拥军服务岗", "1+48+9", "住房补贴", "疗养", "志愿服务", "喜报"):
        assert any(named in row[1] for row in rows), named


def test_neither_a_new_key_nor_the_end_of_the_old_one_makes_strangers_of_anybody(
    tmp_path: Path,
) -> None:
    old, new = (youjun(tmp_path, "config", "key").stdout.strip() for _ in range(2))
    script = (
        "import sys, json; from starlette.testclient import TestClient; "
        "from bot import app, config; from bot.db import schema; s = config.load(); "
        "schema.migrate(app.open_database(s)); c = TestClient(app.build(s).web()); "
        "cookie = sys.argv[1] if len(sys.argv) > 1 else None; "
        "c.cookies.update({'youjun': cookie} if cookie else {}); "
        "print(c.get('/chat/messages').status_code, c.get('/').cookies['youjun'])"
    )

    def visit(keys: list[str], *cookie: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", script, *cookie],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "YOUJUN_SECRET_KEYS": json.dumps(keys)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    stranger, cookie = visit([old])
    assert stranger == "401"
    assert visit([new, old], cookie)[0] == "200"
    refused = youjun(tmp_path, "serve", YOUJUN_SECRET_KEYS=json.dumps([new]))
    assert refused.returncode != 0
    assert "把旧密钥补进 secret_keys" in refused.stderr + refused.stdout
    done = youjun(tmp_path, "keys", "rotate", YOUJUN_SECRET_KEYS=json.dumps([new, old]))
    assert "现在全部在第一个密钥下" in done.stdout
    assert visit([new], cookie)[0] == "200"
