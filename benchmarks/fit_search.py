"""Learns what every feature counts; run ``python -m benchmarks.fit_search``.

Rank: a conditional logit over the shortlist (the right entry against the others), features that speak
for an entry not below nought and those against it not above. Likelihood: boosted trees over the first
two entries of every question, unanswerable ones included. Fitted on the ``fit`` half of our questions, on
questions left out of our index, and on the ``dev`` halves of the public sets, each set counting alike; with
slips of the finger and stories around them. Writes ``knowledge/parameters.yaml`` and ``doubt.json``.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks import question_sets
from benchmarks.disturb import slipped, told
from bot.evaluating import Question
from knowledge import forest
from knowledge.doubt import SIGNS, signs
from knowledge.nearness import FEATURES, Shortlist
from knowledge.parameters import FILE, parameters
from knowledge.postings import Floats
from knowledge.search import Index, Typed

AGAINST = {"length", "conflict", "unsaid"}
LESS = {
    *AGAINST,
    *("foreign", "lacking", "most lacking", "unmet", "most unmet", "unmet share"),
    *("unsaid more", "most unsaid", "replaced", "denial", "other kind", "stranger"),
    *("unanswered", "unwanted", "manner"),
}
"""Signs of which more never makes an entry likelier."""
FREE = {"questions", "short"}
RANK_PENALTY = 30.0
MEANING = 4.0
"""Weight of nearness of meaning, which is nought in fitting: between ``classified`` and ``needed``."""


@dataclass(frozen=True)
class Case:
    """A question with its shortlist."""

    index: Index
    query: Question
    typed: Typed
    found: Shortlist

    def right(self) -> Any:
        """Which rows belong to a right entry."""
        return np.array([self.index.ids[owner] in self.query.gold for owner in self.found.owners])


def cases(index: Index, queries: list[Question]) -> list[Case]:
    """Every question with what the index finds near it."""
    typed = [(query, index.read(query.text)) for query in queries]
    return [Case(index, query, one, index.shortlist(one)) for query, one in typed]


def fit_rank(sets: list[list[Case]]) -> Floats:
    """Weights of the rank score."""
    rows = [
        (case.found.table, case.right(), 400 / len(cases_))
        for cases_ in sets
        for case in cases_
        if case.query.gold and case.right().any()
    ]
    scale = np.concatenate([table for table, _, _ in rows]).std(axis=0) + 1e-6

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = RANK_PENALTY * float(weights @ weights), 2 * RANK_PENALTY * weights
        for table, right, count in rows:
            scaled = table / scale
            power = np.exp((score := scaled @ weights) - score.max())
            share = power / power.sum()
            own = share[right].sum()
            value -= count * float(np.log(own))
            slope = slope - count * (scaled.T @ (share * right / own - share))
        return value, slope

    bounds = [(None, 0) if name in AGAINST else (0, None) for name in FEATURES]
    start = np.zeros(len(FEATURES))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x / scale)


@contextmanager
def without(sets: Sequence[Sequence[Case]], *names: str) -> Iterator[None]:
    """Take features away for a while."""
    columns = [FEATURES.index(name) for name in names]
    tables = [case.found.table for own in sets for case in own]
    kept = [table[:, columns].copy() for table in tables]
    for table in tables:
        table[:, columns] = 0.0
    try:
        yield
    finally:
        for table, values in zip(tables, kept, strict=True):
            table[:, columns] = values


def judged(case: Case, rank: Floats) -> tuple[list[Floats], list[bool]]:
    """The signs of the first two entries of a question, and which of them is right. Of a question that
    is not ours nobody says which matter of strangers it is: such entries are left out."""
    if not len(case.found.questions):
        return [], []
    ranks = case.found.table @ rank
    best = case.index.best(case.found, ranks)[:2]
    right = case.right()
    known = [
        one
        for one in best
        if case.query.gold or int(case.found.owners[one]) not in case.index.strangers
    ]
    rows = [signs(case.index, case.typed, case.found, ranks, best, one) for one in known]
    return rows, [bool(right[one]) for one in known]


def fit_doubt(sets: list[list[Case]], rank: Floats, bare: Floats) -> HistGradientBoostingClassifier:
    """Trees for the likelihood."""
    table, right, count = [], [], []
    for cases_ in sets:
        for case in cases_:
            rows, correct = judged(case, rank if case.index.bodies else bare)
            table += rows
            right += correct
            count += [1000 / len(cases_)] * len(rows)
    trees = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.07,
        max_leaf_nodes=8,
        max_depth=5,
        min_samples_leaf=20,
        l2_regularization=5,
        monotonic_cst=[
            (name not in LESS) - (name in LESS) if name not in FREE else 0 for name in SIGNS
        ],
        random_state=0,
    )
    return trees.fit(np.array(table), np.array(right), sample_weight=np.array(count))


def written(trees: HistGradientBoostingClassifier) -> dict[str, Any]:
    """The trees as rows of numbers, one node after the other."""
    rows: dict[str, list[Any]] = {
        name: [] for name in ("roots", "sign", "threshold", "left", "right", "value")
    }
    for (tree,) in trees._predictors:
        start = len(rows["sign"])
        rows["roots"].append(start)
        for number, node in enumerate(tree.nodes):
            leaf = bool(node["is_leaf"])
            rows["sign"].append(0 if leaf else int(node["feature_idx"]))
            rows["threshold"].append(0.0 if leaf else float(node["num_threshold"]))
            rows["left"].append(start + (number if leaf else int(node["left"])))
            rows["right"].append(start + (number if leaf else int(node["right"])))
            rows["value"].append(round(float(node["value"]), 6) if leaf else 0.0)
    depth = max(int(tree.get_max_depth()) for (tree,) in trees._predictors)
    bias = float(trees._baseline_prediction.item())
    return {"signs": SIGNS, "bias": bias, "depth": depth, **rows}


def material() -> tuple[list[list[Case]], list[list[Case]]]:
    """What the rank is fitted on, and what the likelihood is fitted on."""
    chance = random.Random(2026)  # noqa: S311 – not for secrets
    index, asked = question_sets.ours("fit")
    own = cases(index, asked)
    slips = cases(index, [slipped(one, chance) for one in asked])
    stories = cases(index, [told(one, chance) for one in asked])
    public = [
        cases(*question_sets.public(name, "dev", noise))
        for name in question_sets.public_names("dev")
        for noise in ("q", "homo", "drop", "swap")
    ]
    left_out = [question_sets.left_out(fold) for fold in range(5)]
    kept = [case for index, asked in left_out for case in cases(index, asked)]
    bent = [
        case
        for index, asked in left_out[:2]
        for case in cases(index, [told(slipped(one, chance), chance) for one in asked])
    ]
    return [own, own, own, kept, slips, stories, *public], [
        own,
        slips,
        stories,
        kept,
        bent,
        *public,
    ]


def main() -> None:
    for_rank, for_doubt = material()
    rank = fit_rank(for_rank)
    with without(for_rank, "body"):
        bare = fit_rank(for_rank)
    trees = fit_doubt(for_doubt, rank, bare)
    given: dict[str, dict[str, float]] = {}
    for name, weights in (("rank", rank), ("bare", bare)):
        weights[FEATURES.index("meaning")] = MEANING  # learned only where a model is set
        given[name] = {one: round(float(w), 3) for one, w in zip(FEATURES, weights, strict=True)}
    learned = parameters()
    limits = {name: getattr(learned, name) for name in ("answer", "ask", "do", "near")}
    text = yaml.safe_dump({**given, "thresholds": limits}, sort_keys=False, allow_unicode=True)
    FILE.write_text(
        f"# Written by benchmarks/fit_search.py; see docs/evaluation.md.\n{text}", "utf-8"
    )
    forest.FILE.write_text(json.dumps(written(trees), separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
