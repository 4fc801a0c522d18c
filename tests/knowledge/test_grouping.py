"""Questions that ask the same come together, others stay apart."""

from __future__ import annotations

import pytest

from knowledge.base import Knowledge
from knowledge.grouping import Groups


@pytest.fixture
def groups(knowledge: Knowledge) -> Groups:
    return Groups(knowledge.library.index)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("退役军犬怎么领养", "军犬退役后能领养吗", True),
        ("部队发的旧被装怎么处理", "请问部队发的被装怎么处理", True),
        ("战友聚会能报销吗", "退役军犬怎么领养", False),
        ("转业干部的旧被装怎么处理", "逐月退役的旧被装怎么处理", False),  # one facet, two values
        ("军功章能抵押贷款吗", "", False),
    ],
)
def test_who_asks_the_same_is_in_one_group(
    groups: Groups, one: str, other: str, same: bool
) -> None:
    groups.start(7, one)
    assert groups.nearest(other) == (7 if same else None)


def test_of_two_groups_the_nearer_wins_and_of_equals_the_older(groups: Groups) -> None:
    groups.start(1, "退役军犬怎么领养")
    groups.start(2, "军犬退役后能领养吗")
    groups.start(3, "退役军犬怎么领养")
    assert groups.nearest("退役军犬怎么领养") == 1
    assert groups.nearest("军犬退役后能领养吗") == 2
