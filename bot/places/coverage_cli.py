"""``youjun places coverage``: who is within fifteen minutes of what, and where the lacks are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.starting import ConfigFile

_LACKS = 10


def coverage(
    minutes: Annotated[float, typer.Option(min=1, max=120, help="几分钟以内算够得着")] = 15,
    mode: Annotated[Literal["walk", "ebike"], typer.Option(help="walk 步行，ebike 电动自行车")] = "walk",
    csv: Annotated[Path | None, typer.Option(help="把每个镇、村的结果写到这个 CSV")] = None,
    html: Annotated[Path | None, typer.Option(help="写成一个网页，带地图，可转发")] = None,
    population: Annotated[Path | None, typer.Option(help="各镇人口的 CSV：县市区,乡镇街道,人口")] = None,
    border: Annotated[Path | None, typer.Option(help="市界的 GeoJSON（WGS-84）；没有就按离镇中心的远近")] = None,
    config_file: ConfigFile = None,
) -> None:  # fmt: skip
    """算“15 分钟拥军服务圈”：每个镇最近的各类地点、够不着的地方、各县的比例。"""
    from bot.db.tables import now
    from bot.desk.clock import BEIJING
    from bot.places import coverage as report
    from bot.places.cli import known
    from knowledge.coverage import Question

    knowledge = known(config_file)
    ask = Question(
        minutes,
        mode,
        now().astimezone(BEIJING).date(),
        report.population(population, knowledge) if population else {},
        report.border(border) if border else (),
    )
    found = report.measure(knowledge, ask)
    for line in report.table(found):
        typer.echo("\t".join(line))
    lacks = found.lacks()
    typer.echo(f"够不着的（镇 × 类别）{len(lacks)} 处，先看：")
    for row, what, way in lacks[:_LACKS]:
        far = (
            f"最近的 {way.place.name}，约 {way.minutes:.0f} 分钟"
            if way.place
            else "没有（隔江的不算）"
        )
        typer.echo(f"  {row.area.label}\t{what}\t{far}")
    typer.echo("\n".join(report.method(found)))
    if csv:
        csv.write_bytes(report.as_csv(found))
        typer.echo(f"明细已写到 {csv}")
    if html:
        html.write_text(report.as_page(found), "utf-8")
        typer.echo(f"网页已写到 {html}")
