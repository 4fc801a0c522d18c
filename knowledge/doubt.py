"""How likely it is that an entry really answers the question.

Nearness alone does not tell: "孕妇感冒不能吃什么药" is as near to "孕妇感冒能吃什么药" as a question
can be. What the two do not share, what kind of answer is wanted, a denial on one side only and the
lead over the next entry are weighed together by boosted trees (:mod:`knowledge.forest`) into a
probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Levenshtein

from knowledge.forest import forest
from knowledge.intention import OPEN
from knowledge.nearness import FEATURES, Shortlist
from knowledge.postings import Floats

if TYPE_CHECKING:
    from knowledge.search import Index, Typed

JUDGED = 3
"""Entries, best first, whose likelihood is worked out."""
SIGNS = (
    *FEATURES,
    "rank",  # the weighted sum of the above
    "lead",  # rank over the next best entry (below nought if another is better)
    "foreign",  # share of the query's weight that no entry knows
    "lacking",  # what the characters tell that the nearest question lacks
    "most lacking",
    "unmet",  # what the characters tell that no question of the entry has
    "most unmet",
    "unmet share",
    "unsaid more",  # what the entry's closest question says beyond the query
    "most unsaid",
    "replaced",  # a piece that stands in the place of another
    "denial",  # one says no and the other does not
    "other kind",  # a reason wanted and an amount told, …
    "same kind",  # share of the kinds of answer wanted that agree
    "unanswered",  # kinds of answer wanted that no question of the entry wants
    "unwanted",  # kinds that the nearest question wants and the query does not
    "manner",  # the same for may, must, is it and which
    "questions",  # how many ways of asking the entry has
    "short",  # shortness of the query
    "stranger",  # how much nearer a question is that is known not to be ours
)


def likelihoods(
    index: Index, typed: Typed, found: Shortlist, ranks: Floats, best: Sequence[int]
) -> list[float]:
    """The probability that each of the first of ``best`` (rows of the shortlist) is the right one: of
    the first two, and of the third if the second may be."""
    strange = _strangeness(index, found, ranks)

    def judged(rows: Sequence[int]) -> list[float]:
        given = [_signs(index, typed, found, ranks, best, one, strange) for one in rows]
        return forest(SIGNS).likelihood(np.array(given)).tolist() if given else []

    likely = judged(best[:2])
    if len(likely) == 2 and len(best) > 2 and likely[1] >= _WORTH:
        likely += judged(best[2:JUDGED])
    return likely


def signs(
    index: Index, typed: Typed, found: Shortlist, ranks: Floats, best: Sequence[int], one: int
) -> Floats:
    """The numbers named in :data:`SIGNS` for ``one`` of ``best``."""
    strange = _strangeness(index, found, ranks)
    return np.array(_signs(index, typed, found, ranks, best, one, strange))


def _signs(
    index: Index,
    typed: Typed,
    found: Shortlist,
    ranks: Floats,
    best: Sequence[int],
    one: int,
    strange: float,
) -> list[float]:
    row = [*found.table[one].tolist(), *_leads(ranks, best, one)]
    row.append(typed.grams.foreign / max(typed.grams.total, 1e-9))
    row += _differences(index, typed, found, one)
    row.append(strange - float(ranks[one]) if math.isfinite(strange) else _NOBODY)
    return row


_WORTH = 0.02
"""A second entry less likely than this one has no third behind it that is worth judging."""
_NOBODY = -6.0
"""Stands for "no such question near"."""


def _leads(ranks: Floats, best: Sequence[int], one: int) -> tuple[float, float]:
    mine = float(ranks[one])
    other = next((float(ranks[other]) for other in best if other != one), mine - 3)
    return mine, max(-3.0, mine - other)


def _strangeness(index: Index, found: Shortlist, ranks: Floats) -> float:
    strangers = index.strangers
    if strangers.isdisjoint(found.ways):
        return -math.inf
    owners = found.owners.tolist()
    near = [rank for rank, owner in zip(ranks.tolist(), owners, strict=True) if owner in strangers]
    return max(near, default=-math.inf)


def _differences(index: Index, typed: Typed, found: Shortlist, one: int) -> tuple[float, ...]:
    entry, nearest = int(found.owners[one]), int(found.questions[one])
    ways = found.ways[entry][:_READ]
    close = {*index.folded[nearest], *index.plain[nearest]}
    known, theirs = index.voice(entry)
    mine, tells = typed.characters, index.tells
    lacking = [(one, told) for one, told in typed.tells.items() if one not in close]
    unmet = [told for one, told in lacking if one not in known]
    total = sum(typed.tells.values())
    unsaid = min(
        (
            [tells[one] for one in dict.fromkeys(index.plain[way]) if one not in mine]
            for way in ways
        ),
        key=sum,
    )
    wanted, told = typed.wants, index.wants[nearest]
    lost, extra = wanted & ~theirs, told & ~wanted
    kinds = wanted & OPEN
    return (
        sum(told for _, told in lacking),
        max((told for _, told in lacking), default=0.0),
        sum(unmet),
        max(unmet, default=0.0),
        sum(unmet) / max(total, 1e-9),
        sum(unsaid),
        max(unsaid, default=0.0),
        _replaced(tells, typed.folded, index.folded[nearest]),
        float(min(abs(typed.denials - index.denials[way]) for way in ways)),
        float(bool(kinds) and bool(theirs & OPEN) and not kinds & theirs),
        (wanted & told).bit_count() / max(1, (wanted | told).bit_count()),
        float((lost & OPEN).bit_count()),
        float((extra & OPEN).bit_count()),
        float(((lost | extra) & ~OPEN).bit_count()),
        min(len(index.questions(entry)), 10) / 5,
        1 / max(2, len(typed.folded)),
    )


def _replaced(tells: Mapping[str, float], mine: str, theirs: str) -> float:
    """What the weightiest piece tells that stands in the place of another one: 大人 for 宝宝."""
    most = 0.0
    for change in Levenshtein.opcodes(mine, theirs):
        if change.tag == "replace":
            gone = sum(tells.get(one, 1.0) for one in mine[change.src_start : change.src_end])
            come = sum(tells.get(one, 1.0) for one in theirs[change.dest_start : change.dest_end])
            most = max(most, min(gone, come))
    return most


_READ = 4
"""Nearest ways of asking that are read of one entry."""
