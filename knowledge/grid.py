"""The nearest of many points, exactly: a grid in which every filter is one look into a table.

Points lie sorted by cell, so that a block of cells is a few slices. What a point may be filtered
by is its *class*, a small number; a filter is a table that says of each class whether it counts.
The block grows until no point outside it can be nearer than the last one found.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.coordinates import EARTH_M, Degrees

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int32]
Allowed: TypeAlias = NDArray[np.bool_]
Span: TypeAlias = tuple[int, int]
"""From and to among the points sorted by cell."""
_A_CELL = 8
"""Points a cell holds on average."""
_SURPLUS = 2
"""How many times what is wanted the first cells should hold: the nearest may lie in the next."""
_SLACK = 1 + 1e-9


class Filter(NamedTuple):
    """Which classes count, and the share of all points that are of these."""

    table: Allowed
    share: float


class Block(NamedTuple):
    """Cells from ``south``/``west`` to ``north``/``east``, all included."""

    south: int
    north: int
    west: int
    east: int


class Grid:
    """Points in WGS-84 degrees, by position; ties go to the lower position."""

    def __init__(self, latitudes: Floats, longitudes: Floats, classes: Ints) -> None:
        """Arrays of one length; ``classes`` are numbers from 0."""
        self.size = len(latitudes)
        self._measure(latitudes, longitudes)
        rows = ((latitudes - self._south) / self._tall).astype(np.int32)
        columns = ((longitudes - self._west) / self._broad).astype(np.int32)
        cells = rows * self._columns + columns
        self._order = np.argsort(cells, kind="stable").astype(np.int32)
        counts = np.bincount(cells, minlength=self._rows * self._columns)
        self._starts: list[int] = np.concatenate(([0], np.cumsum(counts))).tolist()
        self._all = np.arange(self.size, dtype=np.int32)
        north, east = np.radians(latitudes[self._order]), np.radians(longitudes[self._order])
        self._angles = np.stack([north, east, np.cos(north)])
        self._classes = classes[self._order]
        self._held = np.bincount(classes) if self.size else np.zeros(0, int)

    def _measure(self, latitudes: Floats, longitudes: Floats) -> None:
        """Lay out cells that are about square and hold ``_A_CELL`` points each."""
        self._south, north = _range(latitudes)
        self._west, east = _range(longitudes)
        tall = max(north - self._south, 1e-6)
        broad = max(east - self._west, 1e-6)
        shrink = max(math.cos(math.radians((self._south + north) / 2)), 0.01)
        cells = max(1.0, self.size / _A_CELL)
        side = math.sqrt(tall * broad * shrink / cells)
        self._rows = max(1, min(4096, round(tall / side)))
        self._columns = max(1, min(4096, round(broad * shrink / side)))
        self._tall = tall / self._rows * _SLACK
        self._broad = broad / self._columns * _SLACK

    def filter(self, table: Allowed) -> Filter:
        """A table with one entry a class, ready to be used."""
        return Filter(table, float(self._held @ table) / max(1, self.size))

    def nearest(
        self, point: Degrees, count: int, wanted: Filter, within_m: float = math.inf
    ) -> tuple[list[int], list[float]]:
        """At most ``count`` positions no farther than ``within_m`` whose class is ``wanted``,
        nearest first, and their distances in metres (great circle)."""
        if count < 1 or not wanted.share:
            return [], []
        block, spans = self._first(point, min(self.size, _SURPLUS * count / wanted.share))
        while True:
            found, away = self._ranked(point, spans, count, wanted.table)
            last = away[-1] if len(found) == count else math.inf
            sure = self._sure_m(point, block)
            if min(last, within_m) <= sure:
                break
            block = self._around(point, min(last, within_m, max(2 * sure, self._cell_m())))
            spans = self._spans(block)
        kept = bisect_right(away, within_m)
        return found[:kept], away[:kept]

    def _first(self, point: Degrees, enough: float) -> tuple[Block, list[Span]]:
        """The cells around a point until they hold enough points, and where these lie."""
        row = min(max(int((point[0] - self._south) / self._tall), 0), self._rows - 1)
        column = min(max(int((point[1] - self._west) / self._broad), 0), self._columns - 1)
        reach = 1
        while True:
            block = self._clipped(row - reach, row + reach, column - reach, column + reach)
            spans = self._spans(block)
            held = sum([last - first for first, last in spans])
            if held >= enough or reach > max(self._rows, self._columns):
                return block, spans
            reach *= 2

    def _around(self, point: Degrees, radius_m: float) -> Block:
        """The cells that a circle touches."""
        up = math.degrees(min(radius_m / EARTH_M, math.pi)) * _SLACK
        cosine = max(math.cos(math.radians(min(abs(point[0]) + up, 89.0))), 0.01)
        aside = up / cosine
        return self._clipped(
            math.floor((point[0] - up - self._south) / self._tall),
            math.floor((point[0] + up - self._south) / self._tall),
            math.floor((point[1] - aside - self._west) / self._broad),
            math.floor((point[1] + aside - self._west) / self._broad),
        )

    def _clipped(self, south: int, north: int, west: int, east: int) -> Block:
        return Block(
            min(max(south, 0), self._rows - 1),
            max(min(north, self._rows - 1), 0),
            min(max(west, 0), self._columns - 1),
            max(min(east, self._columns - 1), 0),
        )

    def _cell_m(self) -> float:
        return math.radians(self._tall) * EARTH_M

    def _sure_m(self, point: Degrees, block: Block) -> float:
        """How far the nearest point outside the block is at least; beyond the grid is nothing."""
        edges = []
        if block.south > 0:
            edges.append(_north_m(point[0] - (self._south + block.south * self._tall)))
        if block.north < self._rows - 1:
            edges.append(_north_m(self._south + (block.north + 1) * self._tall - point[0]))
        if block.west > 0:
            edges.append(_east_m(point, point[1] - (self._west + block.west * self._broad)))
        if block.east < self._columns - 1:
            east = self._west + (block.east + 1) * self._broad
            edges.append(_east_m(point, east - point[1]))
        return max(0.0, min(edges)) if edges else math.inf

    def _spans(self, block: Block) -> list[Span]:
        """Where each row of the block lies among the sorted points."""
        starts, width = self._starts, self._columns
        rows = range(block.south * width, block.north * width + 1, width)
        return [(starts[row + block.west], starts[row + block.east + 1]) for row in rows]

    def _ranked(
        self, point: Degrees, spans: list[Span], count: int, allowed: Allowed
    ) -> tuple[list[int], list[float]]:
        """The nearest ``count`` of a block with their distances."""
        held = np.concatenate([self._all[first:last] for first, last in spans])
        held = held.compress(allowed.take(self._classes.take(held)))
        if not len(held):
            return [], []
        halves = self._halves(point, held)
        if len(held) > count:
            near = halves <= np.partition(halves, count - 1)[count - 1]
            held, halves = held.compress(near), halves.compress(near)
        ranked = sorted(zip(halves.tolist(), self._order.take(held).tolist(), strict=True))[:count]
        found = [at for _, at in ranked]
        return found, [2 * EARTH_M * math.asin(math.sqrt(min(half, 1.0))) for half, _ in ranked]

    def _halves(self, point: Degrees, held: Ints) -> Floats:
        """The haversine of the angle to each: grows with the distance."""
        phi, along = math.radians(point[0]), math.radians(point[1])
        angles = self._angles.take(held, axis=1)
        sines = np.sin((angles[:2] - np.array(((phi,), (along,)))) * 0.5)
        sines *= sines
        halves: Floats = sines[0] + sines[1] * angles[2] * math.cos(phi)
        return halves


def _range(values: Floats) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _north_m(degrees: float) -> float:
    return math.radians(degrees) * EARTH_M


def _east_m(point: Degrees, degrees: float) -> float:
    """From a point to a meridian so many degrees east or west of it."""
    turn = math.sin(math.radians(min(degrees, 90.0)))
    return math.asin(math.cos(math.radians(point[0])) * turn) * EARTH_M if degrees > 0 else 0.0
