"""``youjun places``: import, revert, imports, template, export, geocode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.starting import ConfigFile

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.places.importing import Preview
    from bot.places.reading import Reading
    from knowledge.base import Knowledge

places = typer.Typer(help="地点名单：导入、撤销、模板", no_args_is_help=True)
ACTOR = "system"
_SHOWN = 100


@places.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="名单：.xlsx、.csv 或 .geojson")],
    crs: Annotated[Literal["wgs84", "gcj02", "bd09"] | None, typer.Option(help="表里没写坐标系时按它算")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不改名单")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="整份替换：同类同县、文件里没有的地点移出名单")] = False,
    faults: Annotated[Path | None, typer.Option(help="把问题清单写到这个 CSV 文件")] = None,
    config_file: ConfigFile = None,
) -> None:  # fmt: skip
    """导入一份地点名单；有问题的行不导入，逐行说明，其余照常导入。"""
    from bot.db.tables import now
    from bot.places import importing, templates
    from bot.places.sheets import Unreadable

    engine, knowledge = _open(config_file)
    if not file.is_file():
        raise Unreadable(f"找不到文件 {file}")
    seen = importing.preview(engine, knowledge, importing.Wanted(file, crs=crs), now())
    _show(seen, replace=replace)
    if faults is not None:
        faults.write_bytes(templates.faults_csv(seen.reading.faults))
        typer.echo(f"问题清单已写到 {faults}")
    if seen.reading.refused:
        typer.echo("没有导入。请先按上面的提示改正。", err=True)
        raise typer.Exit(1)
    if dry_run:
        typer.echo("这是预览，名单没有变。")
        return
    number = importing.draft(engine, seen, actor=ACTOR, county="", replaces=replace)
    importing.apply(engine, number, actor=ACTOR)
    typer.echo(
        f"已导入（{number} 号）。正在运行的服务几秒内换上新名单。撤销：youjun places revert {number}"
    )


@places.command()
def revert(
    import_id: Annotated[int | None, typer.Argument(metavar="[ID]", help="导入的号；不写则撤销最近一次")] = None,
    config_file: ConfigFile = None,
) -> None:  # fmt: skip
    """撤销一次导入，名单恢复到它之前的样子。"""
    from sqlmodel import Session

    from bot.places import imports

    engine, _ = _open(config_file)
    with Session(engine) as session:
        holding = imports.applied(session)
        if import_id is None and not holding:
            raise imports.Refused("没有可以撤销的导入")
        wanted = imports.find(session, import_id or holding[0].id or 0)
        imports.revert(session, wanted, actor=ACTOR)
        session.commit()
        typer.echo(f"已撤销 {wanted.id} 号导入（{wanted.file_name}）")


@places.command("imports")
def list_imports(config_file: ConfigFile = None) -> None:
    """列出最近的导入。"""
    from sqlmodel import Session

    from bot.desk.clock import BEIJING
    from bot.places import imports

    engine, _ = _open(config_file)
    states = {"draft": "未确认", "applied": "已生效", "reverted": "已撤销", "dropped": "已放弃"}
    with Session(engine) as session:
        for one in imports.listed(session):
            at = one.created_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
            figures = _figures(one.counts)
            typer.echo(
                f"{one.id}\t{at}\t{states[one.state]}\t{one.actor}\t{one.file_name}\t{figures}"
            )


@places.command()
def template(
    file: Annotated[Path, typer.Argument(help="写到哪里；.csv 结尾则只写标题行")] = Path("地点名单模板.xlsx"),
) -> None:  # fmt: skip
    """写出一份空的导入模板。"""
    from bot.places import templates
    from knowledge.gazetteer import Gazetteer

    blank = file.suffix.lower() == ".csv"
    counties = (*Gazetteer.load().counties(), "南通市")
    file.write_bytes(templates.template_csv() if blank else templates.template(counties))
    typer.echo(f"模板已写到 {file}")


@places.command()
def export(
    file: Annotated[Path, typer.Argument(help="写到哪里（CSV）")] = Path("地点名单.csv"),
    config_file: ConfigFile = None,
) -> None:
    """导出现有名单（带编号），改好可以再导入。"""
    from bot.places import live, store, templates

    engine, knowledge = _open(config_file)
    stored = store.load(engine, live.centres(knowledge))
    found = stored.now(knowledge.directory.locations).values()
    real = [one for one in found if not one.sample]
    file.write_bytes(templates.directory_csv(real))
    typer.echo(f"{len(real)} 个地点已写到 {file}")


@places.command()
def geocode(
    limit: Annotated[int, typer.Option(min=1, max=5000, help="最多问几处")] = 200,
    config_file: ConfigFile = None,
) -> None:
    """请地图服务给没有经纬度的地点提议位置；要由工作人员在工作台确认才用。"""
    from sqlmodel import Session

    from bot.db.tables import now
    from bot.places import geocode as maps
    from bot.places import live, store, upkeep
    from bot.starting import prepared

    chosen = prepared(config_file).geocoder
    if chosen.provider == "none" or chosen.key is None:
        raise maps.Unavailable("没有启用地图服务；请先设置 geocoder.provider 和 geocoder.key")
    service = maps.geocoder(chosen.provider, chosen.key.get_secret_value(), chosen.base_url)
    engine, knowledge = _open(config_file)
    stored = store.load(engine, live.centres(knowledge))
    shipped = knowledge.directory.locations
    base, proposed = stored.base(shipped), 0
    wanting = list(maps.wanting(stored.now(shipped).values(), limit))
    for place in wanting:
        if guess := service.locate(maps.address(place)):
            with Session(engine) as session:
                upkeep.propose(
                    session, base[place.id], guess.position, guess.crs, guess.provider, at=now()
                )
                session.commit()
            proposed += 1
    typer.echo(f"问了 {len(wanting)} 处，提议了 {proposed} 处；请到工作台“要核对的地点”里确认")


def known(config_file: Path | None = None) -> Knowledge:
    """What is shipped, with the imported places if there is a database; creates nothing."""
    from bot import app as parts
    from bot.db import schema
    from bot.places import live, store
    from bot.starting import prepared
    from knowledge.base import load_knowledge

    shipped, settings = load_knowledge(), prepared(config_file)
    if not settings.database_exists():
        return shipped
    engine = parts.open_database(settings)
    if schema.current(engine) != schema.head():
        return shipped
    return live.with_places(shipped, store.load(engine, live.centres(shipped)))


def _open(config_file: Path | None) -> tuple[Engine, Knowledge]:
    """The database, brought up to date, and what is shipped."""
    from bot import app as parts
    from bot.db import schema
    from bot.starting import prepared
    from knowledge.base import load_knowledge

    settings = prepared(config_file)
    engine = parts.open_database(settings)
    schema.migrate(engine)
    return engine, load_knowledge()


def _show(seen: Preview, *, replace: bool) -> None:
    reading, found = seen.reading, seen.difference
    typer.echo(f"{reading.file_name}：{_figures(found.counts(reading))}")
    for fault in reading.faults[:_SHOWN]:
        typer.echo(f"  {fault}")
    if len(reading.faults) > _SHOWN:
        typer.echo(f"  ……还有 {len(reading.faults) - _SHOWN} 条，用 --faults 写到文件里看")
    if found.gone:
        fate = "将移出名单" if replace else "保留（要移出请加 --replace）"
        typer.echo(f"名单里有、文件里没有的 {len(found.gone)} 处：{fate}")
    _hint(reading)


def _hint(reading: Reading) -> None:
    if reading.comparable == 0 and any(place.point for place in reading.places):
        typer.echo("提示：名单里还没有可对照的位置，坐标系对不对无法自动检查，请在地图上抽查几处。")


def _figures(counts: dict[str, int]) -> str:
    names = {
        "rows": "共",
        "new": "新增",
        "changed": "变更",
        "gone": "缺少",
        "unchanged": "不变",
        "faulty": "有错",
    }
    return "，".join(f"{name} {counts.get(key, 0)}" for key, name in names.items())
