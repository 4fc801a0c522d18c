"""The command line: serve, talk, ask, nearby, migrate, check, config, and the others by name."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot import desk_commands, measuring, privacy_cli, watchdog
from bot.benefits import benefits
from bot.digest_cli import digest
from bot.operating import cli as operating
from bot.places.cli import places
from bot.places.coverage_cli import coverage as place_coverage
from bot.staff_cli import staff
from bot.starting import ConfigFile, bring_up_to_date, prepared
from bot.telegram_cli import telegram
from bot.wechat_cli import wechat

cli = typer.Typer(
    help="通通优军：南通退役军人服务助手", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
config = typer.Typer(help="设置", no_args_is_help=True)


def explain(problem: Exception) -> str:
    """One sentence for the operator; what is unexpected names its kind for a report."""
    known = (
        "FactError",
        "BadFigures",
        "NotCovered",
        "Unreadable",
        "ValueError",
        "ConfigError",
        "PlacesError",
        "KnowledgeError",
        "OutOfDate",
        "WrongKey",
        "Refused",
        "Unreadable",
        "Unavailable",
        "WeakPassword",
        "EmbedderFailed",
        "OrganisationError",
        "WechatError",
        "Broken",
        "NotRestored",
        "NoSuchSwitch",
        "NobodyFound",
        "NotOverwritten",
        "Running",
        "TooNew",
    )
    if type(problem).__name__ in known or isinstance(problem, (FileNotFoundError, OSError)):
        return f"错误：{problem}"
    logging.getLogger(__name__).debug("unexpected", exc_info=problem)
    return f"没有想到的错误（{type(problem).__name__}）：{problem}\n加 YOUJUN_LOG_LEVEL=DEBUG 再试可看详情"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"通通优军 {version('youjun')}（Python {platform.python_version()}）")
        raise typer.Exit


@cli.callback()
def _any(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="显示版本")
    ] = False,
) -> None:
    """通通优军：南通退役军人服务助手"""


def _beside_python() -> str:
    """How to call us where our folder is not on the path."""
    return os.path.relpath(Path(sys.executable).with_name("youjun"))


@cli.command()
def serve(
    config_file: ConfigFile = None,
    migrate_first: Annotated[bool, typer.Option("--migrate", help="启动前先更新数据库")] = False,
) -> None:
    """启动服务：网页聊天、工作台，以及已启用的渠道。"""
    import uvicorn

    from bot import app as parts

    settings = prepared(config_file)
    if migrate_first:
        bring_up_to_date(settings)
    app, at = parts.build(settings), settings.web
    gc.collect()
    gc.freeze()  # what is there for good – index, routes, tables – is not looked through again
    gc.set_threshold(10_000, 20, 50)
    here = f"http://{at.host}:{at.port}"
    typer.echo(f"网页聊天：{here}/\n工作台：　{here}/desk/")
    command = "youjun" if shutil.which("youjun") else _beside_python()
    typer.echo(f"新建工作人员账号：{command} staff add 用户名 --name 李同志 --county 海门区")
    server = uvicorn.Server(uvicorn.Config(
        app.web(), host=at.host, port=at.port, log_config=None,
        access_log=False, server_header=False,
        timeout_graceful_shutdown=8,
    ))  # fmt: skip
    app.stop = lambda: setattr(server, "should_exit", True)
    with operating.in_use(settings.data_folder()), contextlib.suppress(KeyboardInterrupt):
        server.run()
    if app.gave_up or not server.started:
        sys.exit(watchdog.EXIT_CODE if app.gave_up else 3)  # 3: as uvicorn's own command


@cli.command()
def talk(
    config_file: ConfigFile = None,
    record: Annotated[
        str | None,
        typer.Option(help="给这段对话起名，存进 tests/dialogues/ 作为测试（请用虚构内容）"),
    ] = None,
) -> None:
    """在终端里和助手对话（Ctrl+D 结束）。"""
    from bot import recording
    from bot.talk import run

    recorded = recording.Recording(record) if record else None
    if record:
        recording.check(record)
    settings = prepared(config_file)
    bring_up_to_date(settings)
    run(settings, sys.stdin, sys.stdout, recording=recorded)
    if recorded and recorded.save():
        typer.echo(f"已存进 {recording.FILE}")


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="要问的话")] = None,
    region: Annotated[str | None, typer.Option(help="提问人的户籍地，如 海门区")] = None,
    batch: Annotated[Path | None, typer.Option(help="一行一个问题的文件，逐行输出 JSON")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """问一个问题，看助手怎么答（不保存任何东西）。"""
    from bot import asking
    from knowledge.base import load_knowledge

    if (question is None) == (batch is None):
        raise typer.BadParameter("写一个问题，或用 --batch 给一个文件")
    knowledge = load_knowledge()
    if batch is not None:
        for line in batch.read_text("utf-8").splitlines():
            _print_json(asking.ask(knowledge, line, region))
        return
    answer = asking.ask(knowledge, question or "", region)
    _print_json(answer) if as_json else typer.echo(answer["text"])


@cli.command()
def nearby(
    lat: Annotated[float | None, typer.Option(help="纬度")] = None,
    lon: Annotated[float | None, typer.Option(help="经度")] = None,
    crs: Annotated[Literal["wgs84", "gcj02", "bd09"], typer.Option(help="坐标系")] = "wgs84",
    place: Annotated[str | None, typer.Option(help="地名，如 海门三星镇")] = None,
    kind: Annotated[str | None, typer.Option(help="类别，如 merchant、hospital-designated")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="最多几个")] = 5,
    county: Annotated[str | None, typer.Option(help="只要这个县市区的，如 海门区")] = None,
    group: Annotated[str | None, typer.Option(help="只要这类人能享受的，如 三属")] = None,
    open_now: Annotated[bool, typer.Option("--open-now", help="只要现在确定开着的")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """找附近的拥军商户、优待医院、景区、纪念设施。"""
    from bot import asking
    from bot.db.tables import now
    from bot.desk.clock import BEIJING
    from bot.places.cli import known

    if (place is None) == (lat is None or lon is None):
        raise typer.BadParameter("给出 --lat 和 --lon，或者 --place，两者选一")
    point = (lat, lon) if lat is not None and lon is not None else None
    wanted = asking.narrowed(county, group, now().astimezone(BEIJING) if open_now else None)
    found = asking.nearby(
        known(), point=point, crs=crs, place=place, kind=kind, limit=limit, wanted=wanted
    )
    _print_json(found) if as_json else typer.echo(asking.nearby_text(found))


@cli.command()
def migrate(config_file: ConfigFile = None) -> None:
    """建立或更新数据库结构。"""
    settings = prepared(config_file)
    bring_up_to_date(settings)
    typer.echo("数据库已是最新结构")


@cli.command()
def check(
    statutes: Annotated[
        Path | None, typer.Option(help="法规全文目录；给出就逐条核对文章里的条文和数字")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """检查知识库：格式、来源、过期、互相抢答、数字与条文不符等问题。"""
    from bot.checking import report

    sys.exit(report(statutes, as_json=as_json, write=typer.echo))


@cli.command()
def coverage() -> None:
    """列出创始报道里的每项服务由哪些文章、服务和地点承接。"""
    from bot.checking import coverage as table

    table(typer.echo)


@config.command("check")
def config_check(config_file: ConfigFile = None) -> None:
    """检查设置文件和环境变量。"""
    settings = prepared(config_file)
    typer.echo(f"设置没有问题。数据库：{settings.shown_database()}")
    typer.echo(f"Telegram：{'已启用' if settings.telegram.enabled else '未启用'}")
    typer.echo(f"微信公众号：{'已启用' if settings.wechat.enabled else '未启用'}")


@config.command("key")
def config_key() -> None:
    """生成一个新的加密密钥，填到 secret_keys 最前面即可轮换。"""
    from cryptography.fernet import Fernet

    typer.echo(Fernet.generate_key().decode())


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


cli.add_typer(staff, name="staff")
cli.command()(measuring.explain)
cli.command()(measuring.evaluate)
cli.command()(digest)
cli.add_typer(config, name="config")
places.command()(place_coverage)
cli.add_typer(places, name="places")
cli.add_typer(desk_commands.desk, name="desk")
cli.add_typer(desk_commands.audit, name="audit")
cli.add_typer(wechat, name="wechat")
cli.add_typer(telegram, name="telegram")
cli.add_typer(benefits, name="benefits")
cli.command()(operating.backup)
cli.command()(operating.restore)
cli.command()(operating.doctor)
cli.add_typer(operating.switch, name="switch")
cli.add_typer(privacy_cli.keys, name="keys")
cli.command()(privacy_cli.purge)
cli.command()(privacy_cli.forget)
cli.command("export-person")(privacy_cli.export_person)
