"""The 15-minute circle report as staff read it: a table, a file for Excel, a page with maps."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.places.coveragemap import draw
from bot.places.templates import table_csv
from knowledge.base import Knowledge
from knowledge.coverage import Population, Question, Report, Way, report
from knowledge.placefiles import read_villages
from knowledge.raster import CELL_M, FARTHEST_M, Ring
from knowledge.travel import DETOUR, KM_AN_HOUR, MODES, reach_m

_HERE = Path(__file__).parents[1] / "console" / "templates"
_LACKS = 40
HEADINGS = ("县市区", "乡镇街道", "村社区", "找什么", "最近的", "直线米", "分钟", "够得着", "人口")
_PERCENT = 100


class BadFigures(ValueError):
    """A file of residents or of the border that cannot be used; the words are for the reader."""


def measure(knowledge: Knowledge, ask: Question) -> Report:
    """The report on the directory as it stands."""
    towns = [area for area in knowledge.gazetteer.areas if area.kind == "town"]
    return report(knowledge.directory.locations, towns, read_villages(towns), ask)


def population(path: Path, knowledge: Knowledge) -> Population:
    """Residents by county and town from a CSV with 县市区, 乡镇街道, 人口. Raises BadFigures."""
    known = {(one.county, one.name) for one in knowledge.gazetteer.areas if one.kind == "town"}
    found: dict[tuple[str, str], int] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if missing := {"县市区", "乡镇街道", "人口"} - {*(rows.fieldnames or ())}:
            raise BadFigures(f"{path.name} 缺少列：{'、'.join(sorted(missing))}")
        for number, row in enumerate(rows, start=2):
            key = (row["县市区"] or "").strip(), (row["乡镇街道"] or "").strip()
            said = (row["人口"] or "").strip().replace(",", "")
            if key not in known:
                raise BadFigures(
                    f"{path.name} 第 {number} 行：没有“{key[0]}{key[1]}”，请写现在的全称"
                )
            if not said.isdecimal():
                raise BadFigures(f"{path.name} 第 {number} 行：人口“{said}”不是整数")
            found[key] = int(said)
    return found


def border(path: Path) -> list[Ring]:
    """The rings of a GeoJSON border in WGS-84, longitude first as GeoJSON has it. Raises
    BadFigures."""
    try:
        rings = list(_rings(json.loads(path.read_text("utf-8"))))
    except (ValueError, KeyError, TypeError, IndexError):
        raise BadFigures(f"{path.name} 不是 GeoJSON 的面（Polygon、MultiPolygon）") from None
    if not rings:
        raise BadFigures(f"{path.name} 里没有面")
    return rings


def _rings(shape: dict[str, Any]) -> Iterator[Ring]:
    match shape["type"]:
        case "FeatureCollection":
            for feature in shape["features"]:
                yield from _rings(feature)
        case "Feature":
            yield from _rings(shape["geometry"])
        case "MultiPolygon":
            for polygon in shape["coordinates"]:
                yield from ([(float(y), float(x)) for x, y, *_ in ring] for ring in polygon)
        case "Polygon":
            yield from ([(float(y), float(x)) for x, y, *_ in r] for r in shape["coordinates"])


def method(found: Report) -> list[str]:
    """How it was measured, for whoever reads the report."""
    ask = found.question
    speed, mode = KM_AN_HOUR[ask.mode], MODES[ask.mode]
    left = "，".join(f"{why} {count} 处" for why, count in found.left_out.items())
    where = (
        "按给出的市界"
        if ask.border
        else f"离镇中心 {FARTHEST_M // 1000} 公里以内算本市（没有公开的镇界、市界可用，江面、海面和邻市边上会有误差）"
    )
    lines = [
        "没有找到“15 分钟拥军服务圈”的官方量法，本报告按下面的办法量，换一种办法数字会不同。",
        f"{mode}，每小时 {speed:g} 公里；路程按直线的 {DETOUR:g} 倍估算，{ask.within:g} 分钟约合直线"
        f" {reach_m(ask.within, ask.mode):.0f} 米。没有用路网，桥、河、封闭道路没有算进去；隔江的不算。",
        f"算进来的地点 {found.counted} 处；没有算的：{left}。",
        "镇从镇中心量起（误差约 3 公里），村只量有坐标的；“够得着”指中心到最近一处不超过规定分钟。",
        f"面积按 {CELL_M} 米的格子算，{where}；每格归最近的镇中心。",
    ]
    if ask.population:
        lines.append("人口按各镇的数字平均摊到本镇的格子里。")
    if found.unplaced:
        names = "、".join(town.label for town in found.unplaced)
        lines.append(f"没有坐标、没有量的：{names}。")
    return [*lines, f"日期：{ask.today.isoformat()}。"]


def table(found: Report) -> list[tuple[str, ...]]:
    """One row a county and what is looked for: towns within reach, shares of area and residents."""
    return [
        (
            county or "全市",
            what,
            f"{share.within}/{share.towns}",
            f"{share.area * _PERCENT:.0f}%",
            "" if share.residents is None else f"{share.residents * _PERCENT:.0f}%",
        )
        for (county, what), share in found.shares.items()
    ]


def as_csv(found: Report) -> bytes:
    """A row for every town and village and what is looked for."""
    rows = []
    for row in found.rows:
        area = row.area
        village = area.name if area.kind == "village" else ""
        for what, way in row.ways.items():
            near = "是" if way.minutes <= found.question.within else "否"
            people = str(row.residents or "")
            rows.append((area.county, area.town, village, what, *_told(way), near, people))
    return table_csv(HEADINGS, rows)


def as_page(found: Report, template: str = "coverage_file.html") -> str:
    """One HTML page that needs nothing else, with a map for everything looked for."""
    pages = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return pages.get_template(template).render(values(found))


def values(found: Report) -> dict[str, Any]:
    """What the page's template takes."""
    lacks = found.lacks()
    counties = list(dict.fromkeys(county for county, _ in found.shares))
    return {
        "title": f"{found.question.within:g} 分钟拥军服务圈（{MODES[found.question.mode]}）",
        "method": method(found),
        "looked_for": found.looked_for,
        "counties": counties,
        "shares": found.shares,
        "people": bool(found.question.population),
        "maps": [(what, draw(found, what)) for what in found.looked_for],
        "lacks": [(row.area.label, what, *_told(way)) for row, what, way in lacks[:_LACKS]],
        "lack_count": len(lacks),
        "counted": found.counted,
        "today": found.question.today.isoformat(),
    }


def _told(way: Way) -> Sequence[str]:
    if way.place is None:
        return "没有（隔江的不算）", "", ""
    return way.place.name, f"{way.distance_m:.0f}", f"{way.minutes:.0f}"
