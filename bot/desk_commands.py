"""``youjun desk``: the organisation, and trying where a request would go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.starting import ConfigFile

desk = typer.Typer(help="部门、分派规则、时限", no_args_is_help=True)
audit = typer.Typer(help="办理记录的核对与导出", no_args_is_help=True)


@desk.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="组织文件，.yaml 或 .xlsx")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不导入")] = False,
    config_file: ConfigFile = None,
) -> None:
    """导入部门、人员、分派规则、时限和工作时间（全部替换）。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.db.tables import now
    from bot.desk import importing, organisation
    from knowledge.gazetteer import Gazetteer

    gazetteer = Gazetteer.load()
    counties = gazetteer.counties()
    read = organisation.read(
        file, towns=lambda county: gazetteer.towns(county) if county in counties else None
    )
    if dry_run:
        typer.echo(f"没有问题：{len(read.desks)} 个部门、{len(read.staff)} 个岗位（没有导入）")
        return
    with Session(parts.open_database(config.load(config_file))) as session:
        done = importing.store(session, read, now=now())
        session.commit()
    typer.echo(f"已导入 {done.desks} 个部门、{done.staff} 个岗位")
    for name in done.closed:
        typer.echo(f"已停用（文件里没有）：{name}")
    for username in done.without_password:
        typer.echo(f"新账号 {username} 还没有密码：youjun staff password {username}")


@desk.command("route")
def route(
    topic: Annotated[str, typer.Option(help="事项，如 hardship")],
    region: Annotated[str, typer.Option(help="县市区，或县市区/镇街，如 海门区/三星镇")],
    config_file: ConfigFile = None,
) -> None:
    """试一试：这类事项在这个地区会派给谁。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.db.tables import now
    from bot.desk import routing, rules

    county, town = _region(region)
    with Session(parts.open_database(config.load(config_file))) as session:
        found = routing.route(
            session, topic, county=county, town=town, rules=rules.load(session), now=now()
        )
        for step in found.steps:
            typer.echo(f"· {step}")
        typer.echo(f"派给：{found.desk.name if found.desk else '本县市区全体工作人员'}")


def _region(region: str) -> tuple[str, str]:
    """County and town. Raises typer.BadParameter for one that does not exist."""
    from knowledge.gazetteer import Gazetteer

    gazetteer = Gazetteer.load()
    county, _, town = region.replace(" ", "/").partition("/")
    if county not in gazetteer.counties():
        known = "、".join(gazetteer.counties())
        raise typer.BadParameter(f"没有县市区“{county}”，请写全名：{known}", param_hint="--region")
    if town and town not in gazetteer.towns(county):
        known = "、".join(gazetteer.towns(county))
        raise typer.BadParameter(f"{county}没有“{town}”，请写全名：{known}", param_hint="--region")
    return county, town


@audit.command("verify")
def verify(
    expect: Annotated[
        str | None, typer.Option(help="以前抄下的校验码，形如 1234:9f86d0…；不写只核对内部是否连贯")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """逐条核对办理记录有没有被改动、删除。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.desk import history

    noted = _noted(expect)
    with Session(parts.open_database(config.load(config_file))) as session:
        found = history.verify(session, expected=noted)
    for problem in found.problems:
        typer.echo(f"第 {problem.seq} 条：{problem.why}" if problem.seq else problem.why)
    if found.problems:
        typer.echo(f"{found.lines} 条记录，{len(found.problems)} 处有问题")
        raise typer.Exit(1)
    typer.echo(f"{found.lines} 条记录，没有被改动。请把校验码抄到别处：")
    typer.echo(f"校验码 {found.lines}:{found.link}")


def _noted(expect: str | None) -> tuple[int, str] | None:
    if expect is None:
        return None
    number, _, link = expect.partition(":")
    if not number.isdecimal() or len(link) != 64:
        raise typer.BadParameter("校验码形如 1234:9f86d0…（冒号后 64 位）")
    return int(number), link


@audit.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="要写的 CSV 文件")],
    config_file: ConfigFile = None,
) -> None:
    """把全部办理记录导出为 CSV（不含留言原文），导出本身也记入。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.desk import export as exporting
    from bot.desk import history

    with Session(parts.open_database(config.load(config_file))) as session:
        count = exporting.write(session, file)
        history.note(session, None, "system", "exported", after=f"{count} 条")
        session.commit()
    typer.echo(f"已导出 {count} 条到 {file}")
