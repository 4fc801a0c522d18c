"""``youjun benefits``: who is entitled to what, for one profile or for a file of them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from bot.db.tables import now
from bot.desk.clock import BEIJING
from handlers.flows.calculate import told
from knowledge import calculators
from knowledge.eligibility import DISCLAIMER, Judge, Verdict
from knowledge.facts import profile
from knowledge.load import load
from knowledge.rule_text import show
from knowledge.sums import work_out
from knowledge.verdict_text import detail

benefits = typer.Typer(help="待遇自查、测算", invoke_without_command=True)
Said = Annotated[
    list[str] | None, typer.Option("--set", help="事实=值，可写多次，如 identity=veteran")
]
Day = Annotated[str | None, typer.Option("--date", help="按哪一天判断，如 2026-11-23，默认今天")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]


@benefits.callback()
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option("--profile", help="YAML 或 JSON 文件")] = None,
    pairs: Said = None,
    day: Day = None,
    as_json: Json = False,
) -> None:
    """一个人符合哪些待遇：每一项给出结果、逐条条件和依据。"""
    if context.invoked_subcommand is not None:
        return
    judge = Judge(load())
    known = profile({**_file(file), **_pairs(pairs)}, judge.facts)
    verdicts = judge.verdicts(known, _day(day))
    if as_json:
        typer.echo(json.dumps([as_dict(one) for one in verdicts], ensure_ascii=False, indent=2))
        return
    typer.echo("\n\n".join(detail(one, judge.facts) for one in verdicts))


@benefits.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="CSV，表头是事实的 id，一行一个人")],
    day: Day = None,
    as_json: Json = False,
) -> None:
    """一批人按待遇和地区各有多少符合、不符合、还差信息。"""
    judge, today = Judge(load()), _day(day)
    counts = count(judge, file, today)
    rows = [
        {"benefit": id, "region": region, "result": result, "people": people}
        for (id, region, result), people in sorted(counts.items())
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    typer.echo("待遇\t地区\t结果\t人数")
    for row in rows:
        typer.echo("\t".join(map(str, row.values())))


@benefits.command(name="show")
def show_rule(
    rule: Annotated[str | None, typer.Argument(help="规则 id；不写就全部")] = None,
) -> None:
    """一条规则的中文写法，由数据生成，供编辑核对。"""
    library = load()
    if rule is not None and rule not in library.rules:
        raise ValueError(f"没有规则 {rule}，有这些：{'、'.join(library.rules)}")
    judge = Judge(library)
    chosen = [library.rules[rule]] if rule else list(library.rules.values())
    typer.echo("\n\n".join(show(judge, one) for one in chosen))


@benefits.command()
def calculate(
    which: Annotated[str, typer.Argument(help="计算器 id，如 death-money")],
    pairs: Said = None,
    day: Day = None,
) -> None:
    """按公开的公式逐行算出来。"""
    known = load().calculators
    if which not in known:
        raise ValueError(f"没有计算器 {which}，有这些：{'、'.join(known)}")
    given = calculators.read(known[which], _pairs(pairs))
    typer.echo(told(known[which], work_out(known[which], given, _day(day))))


def count(judge: Judge, file: Path, today: date) -> Counter[tuple[str, str, str]]:
    """People by benefit, region and result. Raises ValueError with the line of a bad row."""
    counts: Counter[tuple[str, str, str]] = Counter()
    ids = [rule.id for rule in judge.library.rules.values() if rule.in_force(today)]
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                known = profile(_row(row), judge.facts)
            except ValueError as problem:
                raise ValueError(f"{file} 第 {reader.line_num} 行：{problem}") from None
            region = str(known.get("region", "不清楚"))
            counts.update((id, region, judge.result(id, known, today)) for id in ids)
    return counts


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as ``--json`` writes it; docs/benefits.md describes it."""
    return {
        "benefit": verdict.rule.id,
        "title": verdict.rule.title,
        "result": verdict.result,
        "conditions": [
            {
                "text": one.condition.text,
                "value": one.value,
                "source": str(one.condition.source),
            }
            for one in verdict.checked
        ],
        "missing": list(verdict.missing),
        "begins": verdict.begins.isoformat() if verdict.begins else None,
        "note": DISCLAIMER,
    }


def _row(row: dict[str, Any]) -> dict[str, object]:
    if None in row or None in row.values():
        raise ValueError("列数和表头不一样")
    return dict(row)


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 – text only
    except yaml.YAMLError as broken:
        raise ValueError(f"{path} 读不通：{broken}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} 应当是“事实: 值”")
    return found


def _pairs(pairs: list[str] | None) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs or ()]
    if wrong := [key for key, sign, _ in split if not sign]:
        raise ValueError(f"--set 应写成 事实=值，不是“{wrong[0]}”")
    return {key.strip(): value.strip() for key, _, value in split}


def _day(day: str | None) -> date:
    try:
        return date.fromisoformat(day) if day else now().astimezone(BEIJING).date()
    except ValueError:
        raise ValueError(f"--date 请写成 2026-11-23，不是“{day}”") from None
