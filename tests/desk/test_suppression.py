"""No small cell can be read from a table, nor worked out from its totals: tried by working out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import pytest

from bot.desk.suppression import HIDDEN, shares, shown

HIGHEST = 9


def tables(cells: int) -> Iterator[tuple[int, ...]]:
    yield from product(range(HIGHEST + 1), repeat=cells)


@pytest.mark.parametrize("cells", [1, 2, 3, 4])
def test_whoever_knows_the_rules_cannot_tell_a_small_cell(cells: int) -> None:
    """Whatever is published, every hidden cell might as well have another value."""
    same: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for table in tables(cells):
        texts, total = shown(table)
        assert not any(text in "1234" for text in texts)
        same[(*texts, total)].append(table)
    for published, possible in same.items():
        for place, text in enumerate(published[:-1]):  # type: ignore[index]
            if text == HIDDEN:
                assert len({table[place] for table in possible}) > 1, published


def test_what_is_large_enough_is_shown() -> None:
    assert shown([5, 12, 0]) == (["5", "12", "0"], "17")


def test_one_hidden_cell_takes_the_smallest_other_with_it() -> None:
    assert shown([8, 6, 1]) == (["8", HIDDEN, HIDDEN], "15")
    assert shown([1, 1, 50, 60]) == ([HIDDEN, HIDDEN, HIDDEN, "60"], "112")
    assert shown([3, 0]) == ([HIDDEN, "0"], HIDDEN)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(8, 8, "100%"), (0, 8, "0%"), (7, 8, HIDDEN), (3, 40, HIDDEN), (30, 40, "75%"), (0, 0, "—")],
)
def test_a_share_that_tells_of_few_is_hidden(part: int, whole: int, text: str) -> None:
    assert shares([part], [whole])[0] == [text]


def test_a_hidden_share_takes_another_with_it() -> None:
    texts, total = shares([20, 18, 50], [40, 20, 60])  # of the second, two are not in the part
    assert (texts, total) == (["50%", HIDDEN, HIDDEN], "73%")
