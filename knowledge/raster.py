"""Nantong in small cells: which town each belongs to, and which lie within reach of a place.

A cell belongs to the nearest centre of a town, for no open map of the towns' borders was found.
Without a border of the city, cells farther than ``FARTHEST_M`` from every centre count as
somewhere else: the sea, the river, a neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.coordinates import EARTH_M, Degrees

Bools: TypeAlias = NDArray[np.bool_]
Ring: TypeAlias = Sequence[Degrees]
CELL_M = 250
FARTHEST_M = 7_000
"""With it the cells add up to 8,286 km²; the city's land is about 8,001 km²."""
_ELSEWHERE = -1


class Raster:
    """Cells of ``CELL_M`` metres, rows from south to north, columns from west to east."""

    def __init__(self, centres: Sequence[Degrees], border: Sequence[Ring] = ()) -> None:
        """``centres`` are the towns'; ``border`` the rings of the city, even-odd, if known."""
        latitudes, longitudes = np.array(centres).T
        margin = FARTHEST_M / EARTH_M * 180 / math.pi
        self._tall = math.degrees(CELL_M / EARTH_M)
        self._broad = self._tall / math.cos(math.radians(float(latitudes.mean())))
        self._south, self._west = latitudes.min() - margin, longitudes.min() - 1.3 * margin
        rows = math.ceil((latitudes.max() + margin - self._south) / self._tall)
        columns = math.ceil((longitudes.max() + 1.3 * margin - self._west) / self._broad)
        self.latitudes = self._south + (np.arange(rows) + 0.5) * self._tall
        self.longitudes = self._west + (np.arange(columns) + 0.5) * self._broad
        self.owner = self._owners(centres)
        """The town of each cell by its position among ``centres``; -1: not in the city."""
        if border:
            self.owner[~self._inside(border)] = _ELSEWHERE

    def within(self, points: Sequence[Degrees], radius_m: float) -> Bools:
        """Which cells have their middle at most ``radius_m`` from one of ``points``."""
        covered = np.zeros(self.owner.shape, bool)
        for point in points:
            window, away = self._window(point, radius_m)
            covered[window] |= away <= radius_m
        return covered

    def _owners(self, centres: Sequence[Degrees]) -> NDArray[np.int16]:
        shape = len(self.latitudes), len(self.longitudes)
        owner, nearest = np.full(shape, _ELSEWHERE, np.int16), np.full(shape, float(FARTHEST_M))
        for number, centre in enumerate(centres):
            window, away = self._window(centre, FARTHEST_M)
            nearer = away < nearest[window]
            nearest[window][nearer] = away[nearer]
            owner[window][nearer] = number
        return owner

    def _window(
        self, point: Degrees, radius_m: float
    ) -> tuple[tuple[slice, slice], NDArray[np.float64]]:
        """The cells in the square around a circle, and how far their middles are, in metres."""
        up = math.degrees(radius_m / EARTH_M) + self._tall
        aside = up / math.cos(math.radians(point[0])) + self._broad
        rows = slice(*np.searchsorted(self.latitudes, (point[0] - up, point[0] + up)))
        columns = slice(*np.searchsorted(self.longitudes, (point[1] - aside, point[1] + aside)))
        north = np.radians(self.latitudes[rows] - point[0])[:, None]
        east = np.radians(self.longitudes[columns] - point[1])[None, :]
        cosines = np.cos(np.radians(self.latitudes[rows]))[:, None] * math.cos(
            math.radians(point[0])
        )
        half = np.sin(north / 2) ** 2 + cosines * np.sin(east / 2) ** 2
        return (rows, columns), 2 * EARTH_M * np.arcsin(np.sqrt(half))

    def _inside(self, border: Sequence[Ring]) -> Bools:
        """Whether the middles of the cells lie inside the rings, by the even-odd rule."""
        inside = np.zeros(self.owner.shape, bool)
        for ring in border:
            for (south, west), (north, east) in zip(ring, [*ring[1:], ring[0]], strict=True):
                low, high = sorted((south, north))
                rows = np.flatnonzero((self.latitudes >= low) & (self.latitudes < high))
                if not len(rows):
                    continue
                slope = (east - west) / (north - south)
                crossing = west + (self.latitudes[rows] - south) * slope
                inside[rows] ^= self.longitudes[None, :] < crossing[:, None]
        return inside
