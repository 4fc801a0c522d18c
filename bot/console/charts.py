"""Bars for tables and columns for days: drawn here, as plain SVG, without any script.

The figures stand beside the bars as text, so a chart is its own table. What is hidden has no bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk.suppression import Series

_WIDTH, _HEIGHT = 340, 120
"""Units of a chart of columns; narrow, so that its letters can be read on a phone."""


@dataclass(frozen=True)
class Bar:
    """One line: what, how many as text, and how long its bar is, from 0 to 100."""

    label: str
    shown: str
    length: int


@dataclass(frozen=True)
class Column:
    """One day of a chart of columns, in its units. ``label`` is empty where there is no room."""

    x: float
    y: float
    width: float
    height: float
    title: str
    label: str


@dataclass(frozen=True)
class Columns:
    """A chart of columns."""

    columns: tuple[Column, ...]
    highest: int
    width: int = _WIDTH
    height: int = _HEIGHT


def bars(series: Series) -> list[Bar]:
    """A bar for every count, the highest 100 long."""
    highest = max(series.counts, default=0) or 1
    return [
        Bar(label, shown, round(100 * count / highest))
        for label, count, shown in zip(series.labels, series.counts, series.shown, strict=True)
    ]


def columns(labels: Sequence[str], counts: Sequence[int], shown: Sequence[str]) -> Columns:
    """A column for every count; about every sixth is labelled."""
    highest = max(counts, default=0)
    step = _WIDTH / max(1, len(counts))
    every = max(1, round(len(counts) / 6))
    made = [
        Column(
            x=round(place * step + 0.1 * step, 1),
            y=round(_HEIGHT - (height := count / (highest or 1) * (_HEIGHT - 14)), 1),
            width=round(0.8 * step, 1),
            height=round(height, 1),
            title=f"{label}：{text}",
            label=label if place % every == 0 else "",
        )
        for place, (label, count, text) in enumerate(zip(labels, counts, shown, strict=True))
    ]
    return Columns(tuple(made), highest)
