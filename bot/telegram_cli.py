"""Commands for the Telegram channel: ``youjun telegram poison``, ``youjun telegram link``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from sqlmodel import Session

from bot.db import setaside
from bot.starting import ConfigFile

telegram = typer.Typer(help="Telegram 机器人", no_args_is_help=True)
_CHANNEL = "telegram"


@telegram.callback()
def _group() -> None:
    """Telegram 机器人"""


@telegram.command()
def poison(
    update: Annotated[int | None, typer.Argument(help="消息编号；不写则列出最近 50 条")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="看过以后删掉这一条")] = False,
    config_file: ConfigFile = None,
) -> None:
    """列出、查看处理不了而放到一边的消息（内容含个人信息，只在需要时看）。"""
    from bot import app as parts
    from bot import config

    with Session(parts.open_database(config.load(config_file))) as session:
        if update is None:
            for one in setaside.latest(session, _CHANNEL):
                typer.echo(f"{one.update_id}\t{one.at:%Y-%m-%d %H:%M} UTC\t{one.reason}")
            return
        found = setaside.find(session, _CHANNEL, update)
        if found is None:
            raise typer.BadParameter(f"没有编号 {update} 的消息；不带编号运行可列出全部")
        typer.echo(json.dumps(found.raw, ensure_ascii=False, indent=2))
        if drop:
            session.delete(found)
            session.commit()
            typer.echo("已删除")
