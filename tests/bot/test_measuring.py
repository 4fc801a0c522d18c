"""``youjun explain`` and ``youjun evaluate``, also over somebody else's collection."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.evaluating import fallen, general, is_fit, judge, read
from knowledge.base import Knowledge
from knowledge.explaining import explain

TODAY = date(2026, 11, 25)
ENTRIES = [
    {"id": "open", "questions": ["怎么开户", "开户要带什么", "在哪里开户"]},
    {"id": "loss", "questions": ["卡丢了怎么办", "银行卡遗失怎么挂失", "卡不见了"]},
]
QUERIES = [
    {"q": "我的卡丢了怎么办", "gold": "loss"},
    {"q": "zenme kaihu", "gold": "open"},
    {"q": "天上的云为什么是白的", "gold": None},
]


def lines(path: Path, rows: list[dict[str, object]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, "utf-8")
    return path


def test_any_collection_of_questions_can_be_evaluated(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    found = general(lines(tmp_path / "e.jsonl", ENTRIES), lines(tmp_path / "q.jsonl", QUERIES), out)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert found["right_first"] == 1.0
    assert [row["top"][0] for row in rows[:2]] == ["loss", "open"]
    assert rows[2]["status"] == "unknown"
    assert rows[2]["score"] < rows[0]["score"]


@pytest.mark.parametrize(
    ("line", "said"), [("{", "第 2 行不是 JSON"), ("[1]", "第 2 行应当是一个对象")]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    entries = lines(tmp_path / "e.jsonl", ENTRIES[:1])
    entries.write_text(entries.read_text("utf-8") + line, "utf-8")
    with pytest.raises(ValueError, match=said):
        general(entries, lines(tmp_path / "q.jsonl", QUERIES), None)


def test_a_query_without_a_question_is_named(tmp_path: Path) -> None:
    queries = lines(tmp_path / "q.jsonl", [{"gold": "open"}])
    with pytest.raises(ValueError, match="每一条都要有 q"):
        general(lines(tmp_path / "e.jsonl", ENTRIES), queries, None)


def test_files_of_all_three_forms_are_read(tmp_path: Path) -> None:
    (tmp_path / "cards.yaml").write_text("card: [怎么办, 在哪]\n", "utf-8")
    (tmp_path / "negatives.yaml").write_text("chat: [吃了吗]\n", "utf-8")
    (tmp_path / "stories.yaml").write_text("- {q: 说来话长, any: [card, bus]}\n", "utf-8")
    golds = [one.gold for path in sorted(tmp_path.glob("*.yaml")) for one in read(path)]
    assert golds == [{"card"}, {"card"}, set(), {"card", "bus"}]


def test_a_drop_below_the_baseline_is_named(tmp_path: Path) -> None:
    figures = {
        "right_first": 0.9,
        "right_first_macro": 0.9,
        "right_offered": 0.97,
        "wrong_given": 0.01,
        "unanswerable_answered": 0.02,
    }
    (tmp_path / "baseline.json").write_text(json.dumps({"report": figures}), "utf-8")
    assert fallen(tmp_path, {"report": figures}) == []
    worse = figures | {"right_first": 0.88, "wrong_given": 0.03}
    assert fallen(tmp_path, {"report": worse}) == [
        "report: right_first 0.9 → 0.88",
        "report: wrong_given 0.01 → 0.03",
    ]


def test_the_halves_do_not_depend_on_the_order() -> None:
    assert is_fit("优待证怎么办") == is_fit("优待证怎么办")
    assert {is_fit(str(number)) for number in range(20)} == {True, False}


def test_a_verdict_tells_what_was_given(knowledge: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("preferential-card-lost-replace: [优待证丢了怎么补办]\n")
    (question,) = read(tmp_path / "one.yaml")
    verdict = judge(knowledge.library, question, TODAY)
    assert verdict.right_first
    assert verdict.right_offered
    assert not verdict.wrong
    assert verdict.topic == "preferential-card"


def test_an_explanation_names_what_was_read_every_candidate_and_the_decision(
    knowledge: Knowledge,
) -> None:
    why = explain(knowledge.library, "如东的八级残军坐公交要钱吗", region=None, today=TODAY)
    assert why["regions"] == ["如东县"]
    assert "等级=七至十级" in why["facets"]
    nearest = knowledge.library.index.search("如东的八级残军坐公交要钱吗")
    assert {one["id"] for one in why["candidates"]} <= {one.id for one in nearest}
    assert len(why["candidates"]) == min(4, len(nearest))
    first = why["candidates"][0]
    adds = sum(feature["adds"] for feature in first["features"].values())
    assert adds == pytest.approx(first["rank"], abs=0.01)
    assert why["decision"]["status"] in ("answered", "unclear", "unknown", "elsewhere")


def test_the_command_explains_in_chinese() -> None:
    done = CliRunner().invoke(cli, ["explain", "优待证丢了怎么补办"])
    assert done.exit_code == 0
    assert "读作：优待证丢了怎么补办" in done.output
    assert "决定：answered（preferential-card-lost-replace）" in done.output


def test_the_command_evaluates_given_files(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("preferential-card-lost-replace: [优待证丢了怎么补办]\n", "utf-8")
    done = CliRunner().invoke(cli, ["evaluate", str(file), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output)["one"]["right_first"] == 1.0


def test_ten_ids_are_named_where_there_are_ten(tmp_path: Path) -> None:
    many = [
        {"id": f"e{n}", "questions": [f"第{n}号柜台{verb}怎么办" for verb in "开关换退补查"]}
        for n in range(12)
    ]
    out = tmp_path / "out.jsonl"
    asked = lines(tmp_path / "q.jsonl", [{"q": "第3号柜台怎么办", "gold": "e3"}])
    general(lines(tmp_path / "e.jsonl", many), asked, out)
    (row,) = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(set(row["top"])) >= 10


def test_the_rule_that_decided_is_told(knowledge: Knowledge) -> None:
    why = explain(knowledge.library, "优待证怎么办", region=None, today=TODAY)
    assert "直接给" in why["decision"]["why"]
    assert max(why["tokens"], key=why["tokens"].get) in why["read_as"]
