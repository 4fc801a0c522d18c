"""``youjun digest``: the week in a few lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from bot.starting import ConfigFile


def digest(
    week: Annotated[str | None, typer.Option(help="哪一周，如 2026-W47；不写是上一周")] = None,
    county: Annotated[str | None, typer.Option(help="只看一个县市区；不写是全市")] = None,
    config_file: ConfigFile = None,
) -> None:
    """一周小结：没答好的问题、被评没用的文章、工单。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot import config
    from bot.db.tables import now
    from bot.desk import gaps, weekly
    from knowledge.gazetteer import Gazetteer
    from knowledge.load import load

    counties = Gazetteer.load().counties()
    if county is not None and county not in counties:
        raise typer.BadParameter(f"没有“{county}”，请写：{'、'.join(counties)}")
    chosen = week or weekly.week_of(now() - timedelta(days=7))
    weekly.monday(chosen)
    engine, library = parts.open_database(config.load(config_file)), load()
    while gaps.gather(engine, library.index):
        pass
    with Session(engine) as session:
        found = weekly.of(session, chosen, frozenset({county}) if county else None)
    typer.echo(weekly.text(found, library.entry_title))
