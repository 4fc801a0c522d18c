"""What places are filtered by, column by column: places that share it all are one class."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from knowledge.days import day_kind
from knowledge.grid import Allowed, Ints
from knowledge.locations import Location
from knowledge.opening import Opening


@dataclass(frozen=True)
class Wanted:
    """Which places count; whatever is empty does not matter.

    ``county``: as it is called today. ``groups``: places for any of these, and those that name
    nobody. ``open_at``: open for sure at this moment, in Nantong's time.
    """

    kinds: frozenset[str] = frozenset()
    county: str = ""
    groups: frozenset[str] = frozenset()
    open_at: datetime | None = None

    @classmethod
    def of(cls, kinds: Collection[str]) -> Wanted:
        """Any place of these kinds."""
        return cls(frozenset(kinds))


class _Class(NamedTuple):
    kind: int
    county: int
    groups: int
    """A bit for each group; none: it names nobody."""
    opening: int


class Classes:
    """``numbers``: the class of each place."""

    def __init__(self, places: Iterable[Location]) -> None:
        self._kinds: dict[str, int] = {}
        self._counties: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self._openings: dict[Opening | None, int] = {}
        known: dict[_Class, int] = {}
        self.numbers: Ints = np.array(
            [known.setdefault(self._class(one), len(known)) for one in places], np.int32
        )
        columns = np.array([*known] or np.zeros((0, 4)), np.int64).reshape(-1, 4)
        self._kind, self._county, self._bits, self._opening = columns.T

    def table(self, wanted: Wanted) -> Allowed:
        """Of each class, whether it is wanted."""
        table = np.ones(len(self._kind), bool)
        if wanted.kinds:
            table &= np.isin(self._kind, [self._kinds.get(one, -1) for one in wanted.kinds])
        if wanted.county:
            table &= self._county == self._counties.get(wanted.county, -1)
        if wanted.groups:
            bits = sum(1 << self._groups[one] for one in wanted.groups if one in self._groups)
            table &= (self._bits == 0) | ((self._bits & bits) != 0)
        if wanted.open_at:
            table &= self._open(wanted.open_at)[self._opening]
        return table

    def _open(self, moment: datetime) -> Allowed:
        """Of each kind of hours, whether that is open for sure."""
        states = (one and one.at(moment, day_kind).is_open is True for one in self._openings)
        return np.fromiter(map(bool, states), bool, len(self._openings))

    def _class(self, place: Location) -> _Class:
        groups = self._groups
        return _Class(
            self._kinds.setdefault(place.kind, len(self._kinds)),
            self._counties.setdefault(place.county, len(self._counties)),
            sum(1 << groups.setdefault(one, len(groups)) for one in place.qualifies),
            self._openings.setdefault(place.opening, len(self._openings)),
        )
