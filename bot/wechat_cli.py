"""Commands for the WeChat account: ``youjun wechat menu``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

wechat = typer.Typer(help="微信公众号", no_args_is_help=True)


@wechat.callback()
def _group() -> None:
    """微信公众号"""


@wechat.command()
def menu(
    config_file: Annotated[
        Path | None,
        typer.Option("--config", help="设置文件，默认 config.yaml", envvar="YOUJUN_CONFIG"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示菜单，不提交")] = False,
) -> None:
    """建立（或替换）公众号底部的菜单。"""
    from bot import adapters, config
    from bot import app as parts
    from bot.channels.wechat_menu import MENU

    if dry_run:
        typer.echo(json.dumps(MENU, ensure_ascii=False, indent=2))
        return
    settings = config.load(config_file)
    if not settings.wechat.app_id or settings.wechat.app_secret is None:
        raise config.ConfigError("建菜单要先填 wechat.app_id 和 wechat.app_secret")
    api = adapters.wechat_api(settings, parts.open_database(settings))

    async def submit() -> None:
        try:
            await api.create_menu(MENU)
        finally:
            await api.close()

    asyncio.run(submit())
    typer.echo("菜单已提交；手机上最迟 24 小时内看到，取消关注再关注可立即看到")
