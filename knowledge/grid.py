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
_A_CELL = 8
"""Points a cell holds on average."""
_SLACK = 1 + 1e-9


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
        self._phi = np.radians(latitudes[self._order])
        self._lambda = np.radians(longitudes[self._order])
        self._cosine = np.cos(self._phi)
        self._classes = classes[self._order]

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

    def nearest(
        self, point: Degrees, count: int, allowed: Allowed, within_m: float = math.inf
    ) -> tuple[list[int], list[float]]:
        """At most ``count`` positions no farther than ``within_m`` whose class is ``allowed``,
        nearest first, and their distances in metres (great circle)."""
        if not self.size or count < 1:
            return [], []
        block = self._first(point, count)
        while True:
            found, away = self._ranked(point, block, count, allowed)
            last = away[-1] if len(found) == count else math.inf
            sure = self._sure_m(point, block)
            if min(last, within_m) <= sure:
                break
            block = self._around(point, min(last, within_m, max(2 * sure, self._cell_m())))
        kept = bisect_right(away, within_m)
        return found[:kept], away[:kept]

    def _first(self, point: Degrees, count: int) -> Block:
        """The cells around a point until they hold a few times what is wanted."""
        row = min(max(int((point[0] - self._south) / self._tall), 0), self._rows - 1)
        column = min(max(int((point[1] - self._west) / self._broad), 0), self._columns - 1)
        reach = 1
        while True:
            block = self._clipped(row - reach, row + reach, column - reach, column + reach)
            held = sum(last - first for first, last in self._spans(block))
            if held >= 4 * count or reach > max(self._rows, self._columns):
                return block
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

    def _spans(self, block: Block) -> list[tuple[int, int]]:
        """Where each row of the block lies among the sorted points."""
        starts, width = self._starts, self._columns
        rows = range(block.south * width, block.north * width + 1, width)
        return [(starts[row + block.west], starts[row + block.east + 1]) for row in rows]

    def _ranked(
        self, point: Degrees, block: Block, count: int, allowed: Allowed
    ) -> tuple[list[int], list[float]]:
        """The nearest ``count`` of a block with their distances."""
        spans = [self._all[first:last] for first, last in self._spans(block) if first < last]
        if not spans:
            return [], []
        held = np.concatenate(spans) if len(spans) > 1 else spans[0]
        held = held.compress(allowed.take(self._classes.take(held)))
        if not len(held):
            return [], []
        halves = self._halves(point, held)
        if len(held) > count:
            near = halves <= np.partition(halves, count - 1)[count - 1]
            held, halves = held.compress(near), halves.compress(near)
        ids = self._order.take(held)
        best = np.lexsort((ids, halves))[:count]
        away = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(halves[best], 1.0)))
        return ids[best].tolist(), away.tolist()

    def _halves(self, point: Degrees, held: Ints) -> Floats:
        """The haversine of the angle to each: grows with the distance."""
        phi, along = math.radians(point[0]), math.radians(point[1])
        north = np.sin((self._phi.take(held) - phi) * 0.5)
        east = np.sin((self._lambda.take(held) - along) * 0.5)
        halves: Floats = north * north + self._cosine.take(held) * (east * east * math.cos(phi))
        return halves


def _range(values: Floats) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _north_m(degrees: float) -> float:
    return math.radians(degrees) * EARTH_M


def _east_m(point: Degrees, degrees: float) -> float:
    """From a point to a meridian so many degrees east or west of it."""
    turn = math.sin(math.radians(min(degrees, 90.0)))
    return math.asin(math.cos(math.radians(point[0])) * turn) * EARTH_M if degrees > 0 else 0.0
