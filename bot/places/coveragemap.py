"""The map of a coverage report, drawn from the data itself: cells within reach, towns, places."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from knowledge.coordinates import Degrees
from knowledge.coverage import Report, Row
from knowledge.raster import Bools

WIDTH = 720
_STEP = 2
"""Cells of one square of the map, each way: half a kilometre."""


def draw(report: Report, what: str) -> str:
    """SVG: the city's cells, those within reach of ``what``, and every town by whether its centre
    is. No border is drawn that we do not have."""
    scale = WIDTH / (len(report.raster.longitudes) / _STEP)
    height = round(len(report.raster.latitudes) / _STEP * scale)
    city, inside = report.raster.owner >= 0, report.covered[what]
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' font-family="sans-serif">',
            f"<title>{escape(what)}：{report.question.within:g} 分钟圈示意图</title>",
            _cells(city, scale, height, "#e6e2d6"),
            _cells(city & inside, scale, height, "#5aa469"),
            *(_town(report, row, what, scale, height) for row in report.rows if _is_town(row)),
            "</svg>",
        )
    )


def _is_town(row: Row) -> bool:
    return row.area.kind == "town"


def _cells(cells: Bools, scale: float, height: int, colour: str) -> str:
    """Runs of cells, each row as horizontal strokes of one path."""
    rows, columns = (size // _STEP * _STEP for size in cells.shape)
    coarse = cells[:rows, :columns].reshape(rows // _STEP, _STEP, -1, _STEP).sum((1, 3)) * 2
    parts = []
    for row, line in enumerate(coarse >= _STEP * _STEP):
        y = height - (row + 0.5) * scale
        parts += [f"M{first * scale:.1f} {y:.1f}H{last * scale:.1f}" for first, last in _runs(line)]
    path = "".join(parts)
    return f'<path d="{path}" stroke="{colour}" stroke-width="{scale + 0.2:.2f}" fill="none"/>'


def _runs(line: Bools) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _town(report: Report, row: Row, what: str, scale: float, height: int) -> str:
    x, y = _at(report, row.area.point or (0.0, 0.0), scale, height)
    way = row.ways[what]
    near = way.minutes <= report.question.within
    told = f"{row.area.label}：" + (f"约 {way.minutes:.0f} 分钟" if way.place else "没有")
    mark = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#1b6e3c" stroke="#fff">'
        if near
        else f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8" stroke="#b3261e" stroke-width="2.5">'
    )
    end = "</circle>" if near else "</path>"
    name = row.area.name.removesuffix("街道").removesuffix("镇")
    return (
        f"{mark}<title>{escape(told)}</title>{end}"
        f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" font-size="9.5" fill="#333">{escape(name)}</text>'
    )


def _at(report: Report, point: Degrees, scale: float, height: int) -> tuple[float, float]:
    grid = report.raster
    tall = float(grid.latitudes[1] - grid.latitudes[0]) * _STEP
    broad = float(grid.longitudes[1] - grid.longitudes[0]) * _STEP
    return (
        (point[1] - float(grid.longitudes[0])) / broad * scale,
        height - (point[0] - float(grid.latitudes[0])) / tall * scale,
    )
