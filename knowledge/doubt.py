"""How likely it is that an entry really answers the question.

Nearness alone does not tell: "孕妇感冒不能吃什么药" is as near to "孕妇感冒能吃什么药" as a question
can be. What the two do not share, what kind of answer is wanted, a denial on one side only and the
lead over the next entry are weighed together by boosted trees (:mod:`knowledge.forest`) into a
probability.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from knowledge.forest import forest
from knowledge.intention import OPEN
from knowledge.nearness import FEATURES, Shortlist
from knowledge.postings import Floats

if TYPE_CHECKING:
    from knowledge.search import Index, Typed

JUDGED = 2
"""Entries, best first, whose likelihood is worked out."""
_COMPARED = tuple(FEATURES.index(name) for name in ("dice", "sound", "ratio", "asked"))
SIGNS = (
    *FEATURES,
    "rank",  # the weighted sum of the above
    "lead",  # rank over the next best entry (below nought if another is better)
    "far lead",  # rank over the third
    "foreign",  # share of the query's weight that no entry knows
    "behind dice",  # how far the best of the shortlist is ahead in single features
    "behind sound",
    "behind ratio",
    "behind asked",
    "both",  # the lower of asked and needed
    "product",  # asked times needed
    "unasked run",  # longest run of the query that the question lacks, weighed
    "unknown run",  # longest run of the query that the whole entry lacks
    "extra run",  # longest run of the entry's closest question that the query lacks
    "missing",  # rarest character of the query that the question lacks
    "absent",  # rarest character of the query that the entry lacks
    "denial",  # one says no and the other does not
    "other kind",  # a reason wanted and an amount told, …
    "same kind",  # share of the kinds of answer wanted that agree
    "questions",  # how many ways of asking the entry has
    "short",  # shortness of the query
    "stranger",  # how much nearer a question is that is known not to be ours
)


def likelihoods(
    index: Index, typed: Typed, found: Shortlist, ranks: Floats, best: Sequence[int]
) -> list[float]:
    """The probability that each of ``best`` (rows of the shortlist) is the right one."""
    rows = signs(index, typed, found, ranks, best)
    return [float(one) for one in forest(SIGNS).likelihood(np.array(rows))] if rows else []


def signs(
    index: Index, typed: Typed, found: Shortlist, ranks: Floats, best: Sequence[int]
) -> list[Floats]:
    """For each of ``best`` the numbers named in :data:`SIGNS`."""
    top = found.table.max(axis=0)
    foreign = typed.grams.foreign / max(typed.grams.total, 1e-9)
    strange = _strangeness(index, found, ranks)
    rows = []
    for one in best:
        row = found.table[one]
        asked, needed = row[FEATURES.index("asked")], row[FEATURES.index("needed")]
        rows.append(
            np.array(
                [
                    *row,
                    *_leads(ranks, best, one),
                    foreign,
                    *(row[column] - top[column] for column in _COMPARED),
                    min(asked, needed),
                    asked * needed,
                    *_differences(index, typed, found, one),
                    strange - ranks[one] if math.isfinite(strange) else _NOBODY,
                ]
            )
        )
    return rows


_NOBODY = -6.0
"""Stands for "no such question near"."""


def _leads(ranks: Floats, best: Sequence[int], one: int) -> tuple[float, float, float]:
    others = [float(ranks[other]) for other in best if other != one] or [float(ranks[one]) - 3]
    third = others[1] if len(others) > 1 else others[0]
    mine = float(ranks[one])
    return mine, max(-3.0, mine - others[0]), mine - third


def _strangeness(index: Index, found: Shortlist, ranks: Floats) -> float:
    if not index.strangers:
        return -math.inf
    near = [
        float(rank)
        for rank, owner in zip(ranks, found.owners.tolist(), strict=True)
        if owner in index.strangers
    ]
    return max(near, default=-math.inf)


def _differences(index: Index, typed: Typed, found: Shortlist, one: int) -> tuple[float, ...]:
    entry, nearest = int(found.owners[one]), int(found.questions[one])
    ways = [int(way) for way in found.questions[found.owners == entry][:_READ]]
    known = {*index.folded[nearest], *index.plain[nearest]}
    all_known = known.union(*(index.folded[way] for way in index.questions(entry)[:_KNOWN]))
    mine = {*typed.folded, *typed.plain}
    theirs = 0
    for way in ways:
        theirs |= index.wants[way] & OPEN
    wanted, told = typed.wants, index.wants[nearest]
    kinds = wanted & OPEN
    lacking = {one: index.tells.get(one, 1.0) for one in typed.folded if one not in known}
    return (
        _run(index, typed.folded, known),
        _run(index, typed.folded, all_known),
        min(_run(index, index.folded[way], mine) for way in ways),
        max(lacking.values(), default=0.0),
        max((tells for one, tells in lacking.items() if one not in all_known), default=0.0),
        float(min(abs(typed.denials - index.denials[way]) for way in ways)),
        float(bool(kinds) and bool(theirs) and not kinds & theirs),
        (wanted & told).bit_count() / max(1, (wanted | told).bit_count()),
        min(len(index.questions(entry)), 10) / 5,
        1 / max(2, len(typed.folded)),
    )


_READ, _KNOWN = 4, 20
"""Nearest ways of asking that are read of one entry, and those whose characters are known."""


def _run(index: Index, text: str, known: Collection[str]) -> float:
    """What the longest run of ``text`` tells of which ``known`` has nothing."""
    tells = index.tells
    best = current = 0.0
    for one in text:
        if one in known:
            current = 0.0
            continue
        current += tells.get(one, 1.0)
        if current > best:
            best = current
    return best
