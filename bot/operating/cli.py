"""``youjun backup restore doctor switch``: what an operator does at the keyboard."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.starting import ConfigFile

if TYPE_CHECKING:
    from bot.operating.backup import Manifest

switch = typer.Typer(help="关掉、打开政策问答或某个渠道", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="answers 政策问答、web、telegram、wechat")]


class Running(Exception):
    """A service uses the data folder."""


def backup(
    target: Annotated[
        Path | None, typer.Argument(help="写到哪个文件；不写则存进数据目录的 backups/")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="backups/ 里保留最近几份")] = 14,
    verify: Annotated[Path | None, typer.Option(help="只核对这份备份，不做新的")] = None,
    config_file: ConfigFile = None,
) -> None:
    """做一份加密的完整备份（服务可以照常运行），写完后整份读回核对。"""
    from bot import app as parts
    from bot import config
    from bot.db.tables import now
    from bot.operating import backup as backups

    settings = config.load(config_file)
    if verify is not None:
        typer.echo(f"备份完好：{_words(backups.verify(verify, settings.keys()))}")
        return
    folder = settings.data_folder() / "backups"
    path = target or folder / backups.file_name(now())
    engine = parts.open_database(settings)
    made = backups.create(engine, settings.data_folder() / "files", path, settings.keys()[0])
    typer.echo(f"已备份到 {path}（{path.stat().st_size / 2**20:.1f} MB，已核对）：{_words(made)}")
    typer.echo("密钥（secret.key 或 secret_keys）不在备份里，请另存一份；没有它备份打不开")
    for old in backups.prune(folder, keep) if target is None else ():
        typer.echo(f"已删除旧备份 {old.name}")


def restore(
    file: Annotated[Path, typer.Argument(help="备份文件")], config_file: ConfigFile = None
) -> None:
    """从备份恢复到空的数据库和文件目录（请先停服务）。"""
    from bot import app as parts
    from bot import config
    from bot.operating import backup as backups

    settings = config.load(config_file)
    with in_use(settings.data_folder(), alone=True):
        engine = parts.open_database(settings)
        made = backups.restore(engine, settings.data_folder() / "files", file, settings.keys())
    typer.echo(f"已恢复 {made.at} 的备份：{_words(made)}")
    typer.echo("请运行 youjun doctor 和 youjun audit verify 核对，再启动服务")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    config_file: ConfigFile = None,
) -> None:
    """检查设置、密钥、数据库、时钟、磁盘、备份、Telegram、知识库，说明哪里不对、怎么办。"""
    from bot import app as parts
    from bot import config
    from bot.db.tables import now
    from bot.operating import doctor as doctors

    settings = config.load(config_file)
    engine = parts.open_database(settings)
    found = doctors.examine(settings, engine, now=now(), ask=doctors.fetch)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            typer.echo(f"［{one.level}］{one.what}：{one.words}")
            if one.remedy:
                typer.echo(f"　　→ {one.remedy}")
    if any(one.level == "不行" for one in found):
        sys.exit(1)


@switch.command("off")
def off(
    name: Name,
    notice: Annotated[str, typer.Option(help="群众看到的话；不写则用现成的")] = "",
    config_file: ConfigFile = None,
) -> None:
    """关掉；有生命危险的话照样回答，几秒内生效。"""
    from bot.operating.switches import TITLES

    _set(name, notice, config_file)
    typer.echo(f"{TITLES[name]}已关，几秒内生效。打开：youjun switch on {name}")


@switch.command("on")
def on(name: Name, config_file: ConfigFile = None) -> None:
    """重新打开。"""
    from bot.operating.switches import TITLES

    _set(name, None, config_file)
    typer.echo(f"{TITLES[name]}开着")


@switch.command("list")
def list_(config_file: ConfigFile = None) -> None:
    """列出开关。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.operating import switches

    with Session(parts.open_database(config.load(config_file))) as session:
        closed = {one.name: one for one in switches.off(session)}
    for name, title in switches.TITLES.items():
        state = f"关（{closed[name].by}）：{closed[name].notice}" if name in closed else "开"
        typer.echo(f"{name}\t{title}\t{state}")


@contextmanager
def in_use(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold the data folder; ``alone`` raises Running while a service holds it."""
    with (folder / "in-use.lock").open("a") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Running("服务还在运行（或者正在恢复），请先停掉再试") from None
        yield


def _set(name: str, notice: str | None, config_file: Path | None) -> None:
    from bot import app as parts
    from bot import config
    from bot.operating import switches

    engine = parts.open_database(config.load(config_file))
    switches.switch(engine, name, notice, "system")


def _words(made: Manifest) -> str:
    rows = made.rows
    return (
        f"{rows.get('message', 0)} 条消息、{rows.get('ticket', 0)} 张工单、"
        f"{rows.get('ticketevent', 0)} 条办理记录、{made.files} 个文件，结构 {made.revision}"
    )
