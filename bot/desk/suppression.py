"""Which cells of a table are left out, so that small ones can neither be read nor worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

FEWEST = 5
"""Smaller groups are not shown: somebody might be recognised in them."""
HIDDEN = "不显示"
"""Says nothing of why: a cell may be hidden for its own sake or for another's."""


def hidden(cells: Sequence[int]) -> tuple[frozenset[int], bool]:
    """The places of ``cells`` to leave out, and whether to leave out their total as well.

    Cells from 1 to 4 are left out, and with them the smallest of the others (all of its size): who
    knows these rules and the total must not be able to tell. Where there is no other, the total
    is left out.
    """
    left_out = {place for place, cell in enumerate(cells) if 0 < cell < FEWEST}
    if not left_out:
        return frozenset(), False
    smallest = min((cell for cell in cells if cell >= FEWEST), default=0)
    left_out |= {place for place, cell in enumerate(cells) if cell and cell == smallest}
    return frozenset(left_out), not smallest


def shown(cells: Sequence[int]) -> tuple[list[str], str]:
    """The cells and their total as text."""
    left_out, total = hidden(cells)
    texts = [HIDDEN if place in left_out else str(cell) for place, cell in enumerate(cells)]
    return texts, HIDDEN if total else str(sum(cells))


@dataclass(frozen=True)
class Series:
    """Labelled counts with their total; ``shown`` beside each, hidden where small."""

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    """0 where it is hidden."""
    shown: tuple[str, ...]
    total: str

    @classmethod
    def of(cls, found: Iterable[tuple[str, int]], *, whole: bool = False) -> Series:
        """A series that gives nobody away; ``whole`` hides all of it or nothing, where another
        table shows a sum of some of its cells."""
        pairs = list(found)
        texts, total = shown([count for _, count in pairs])
        bare = tuple(0 if t == HIDDEN else n for t, (_, n) in zip(texts, pairs, strict=True))
        made = cls(tuple(label for label, _ in pairs), bare, tuple(texts), total)
        gone = total == HIDDEN or (whole and HIDDEN in texts)
        return made._hidden() if gone else made

    def beside(self, total: str) -> Series:
        """The same beside another table of the same things: hidden if that hides their total."""
        return self._hidden() if total == HIDDEN else self

    def ranked(self) -> Series:
        """The highest first; what is hidden last, in an order that says nothing of its size."""
        order = sorted(range(len(self.labels)), key=lambda n: (-self.counts[n], self.labels[n]))
        return replace(
            self,
            labels=tuple(self.labels[n] for n in order),
            counts=tuple(self.counts[n] for n in order),
            shown=tuple(self.shown[n] for n in order),
        )

    def _hidden(self) -> Series:
        """Nothing is shown, noughts neither: they would tell how many the rest are."""
        none = (0,) * len(self.labels)
        return replace(self, counts=none, shown=(HIDDEN,) * len(self.labels), total=HIDDEN)


def shares(parts: Sequence[int], wholes: Sequence[int]) -> tuple[list[str], str]:
    """Each part of its whole in per cent, and of all. A share tells the part and the rest of a
    whole that is shown; it is left out where either is."""
    rests = [whole - part for part, whole in zip(parts, wholes, strict=True)]
    left_out: set[int] = set()
    total = sum(wholes) < FEWEST
    for cells in (parts, rests, wholes):
        places, sum_too = hidden(cells)
        left_out |= places
        total = total or sum_too
    texts = [
        HIDDEN if place in left_out else _percent(part, whole)
        for place, (part, whole) in enumerate(zip(parts, wholes, strict=True))
    ]
    return texts, HIDDEN if total else _percent(sum(parts), sum(wholes))


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "—"
