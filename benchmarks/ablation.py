"""What every part of search is worth: fitted without it, measured on questions never fitted on.

Run ``python -m benchmarks.ablation``; the table goes into docs/evaluation.md.
"""

from __future__ import annotations

import numpy as np

from benchmarks import question_sets
from benchmarks.fit_search import Case, cases, fit_rank, material, without
from bot.evaluating import EXAMS
from knowledge.postings import Floats

WITHOUT = {
    "characters in standard terms (dice, centre, covered, twice)": (
        "dice",
        "centre",
        "covered",
        "twice",
    ),
    "the article's text (body)": ("body",),
    "asked, needed": ("asked", "needed"),
    "constancy of characters (kept, keeps)": ("kept", "keeps"),
    "what tells the shortlist apart (telling)": ("telling",),
    "classifier on the shortlist": ("classified",),
    "RapidFuzz (ratio, run, filled)": ("ratio", "run", "filled"),
    "length": ("length",),
    "facets (conflict, agreed, unsaid)": ("conflict", "agreed", "unsaid"),
}


def right_first(found: list[Case], rank: Floats) -> float:
    """The share of answerable questions whose best entry is right."""
    asked = [case for case in found if case.query.gold]
    return float(
        np.mean(
            [len(c.found.questions) and c.right()[np.argmax(c.found.table @ rank)] for c in asked]
        )
    )


def main() -> None:
    sets, _ = material()
    tests = {half: cases(*question_sets.ours(half)) for half in ("report", *EXAMS)}
    for name in question_sets.public_names("test"):
        tests[name] = cases(*question_sets.public(name, "test"))
        tests[f"{name}, homophones"] = cases(*question_sets.public(name, "test", "homo"))
    print(f"| without | {' | '.join(tests)} |\n|---{'|---' * len(tests)}|")
    for label, names in {"– (everything)": (), **WITHOUT}.items():
        with without([*sets, *tests.values()], *names):
            rank = fit_rank(sets)
            shares = " | ".join(f"{right_first(own, rank):.3f}" for own in tests.values())
        print(f"| {label} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
