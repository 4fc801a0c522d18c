"""The commands ``youjun explain`` and ``youjun evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot import evaluating
from bot.db.tables import now
from knowledge.explaining import explain as why
from knowledge.explaining import told
from knowledge.load import load

_CRISIS = {
    "explicit": "直说的听到",
    "alarmed": "直说的叫了人",
    "veiled": "委婉的听到",
    "false_alarm": "无事却叫人",
    "comforted": "无事只给了热线",
}
"""Names of the figures of ``evaluating.crisis``."""


def explain(
    question: Annotated[str, typer.Argument(help="要问的话")],
    region: Annotated[str | None, typer.Option(help="提问人的户籍地")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """说明一句话为什么这样答：读成什么、有哪些候选、各项特征、怎么决定。"""
    found = why(load(), question, region=region, today=now().date())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        told(found, typer.echo)


def evaluate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="问题文件，默认 tests/questions")
    ] = None,
    entries: Annotated[Path | None, typer.Option(help="任意一套问答：每行 {id, questions}")] = None,
    queries: Annotated[Path | None, typer.Option(help="它的问题：每行 {q, gold}")] = None,
    out: Annotated[Path | None, typer.Option(help="逐条结果写到这个文件")] = None,
    save: Annotated[bool, typer.Option("--save", help="把结果存为新的基线")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """量一量问题答得怎么样；比基线差就报错。"""
    if (entries is None) != (queries is None):
        raise typer.BadParameter("--entries 和 --queries 要一起给")
    if entries is not None and queries is not None:
        _show({queries.name: evaluating.general(entries, queries, out)}, as_json=as_json)
        return
    _our_own(files, save=save, as_json=as_json)


def _our_own(files: list[Path] | None, *, save: bool, as_json: bool) -> None:
    folder = evaluating.QUESTIONS
    if not files and not folder.is_dir():
        raise typer.BadParameter(f"这里没有 {folder}，请写明问题文件")
    sets = (
        {path.stem: evaluating.read(path) for path in files} if files else evaluating.halves(folder)
    )
    found, _ = evaluating.report(load(), sets, now().date())
    _show(found, as_json=as_json)
    if files:
        return
    for author, shares in evaluating.crisis(evaluating.CRISIS).items():
        named = "，".join(f"{_CRISIS[kind]} {share:.1%}" for kind, share in shares.items())
        typer.echo(f"危机语料 {author}：{named}", err=as_json)
    if save:
        text = json.dumps(found, ensure_ascii=False, indent=1)
        (folder / evaluating.BASELINE).write_text(text + "\n", "utf-8")
    elif fallen := evaluating.fallen(folder, found):
        typer.echo("比基线差：\n" + "\n".join(fallen), err=True)
        raise typer.Exit(1)


def _show(found: dict[str, dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, figures in found.items():
        typer.echo(f"{name}：")
        evaluating.text_report(figures, typer.echo)
