"""Trains the ear for despair and danger; run ``python -m benchmarks.fit_ear``.

On the crisis corpora of ten authors (``tests/crisis``), the table of the safety tests, short answers and
dialogues, and everything people ask us otherwise. First each author, and two on whom nothing is ever fitted, is
heard by an ear trained on the others and on half of what is asked; the shares are printed. Then one is trained
on all and written to ``handlers/ear.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import yaml
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.evaluating import EXAMS, halves
from handlers import danger, ear
from handlers.danger import ALARM, CARE, SOFTLY
from knowledge.load import load
from knowledge.text import simplified

ROOT = Path(__file__).parents[1]
AUTHORS = (
    *("first", "second", "third", "fourth", "fifth", "seventh"),
    *("eighth", "ninth", "tenth", "eleventh"),
)
UNSEEN = ("sixth", "twelfth")
"""Authors on whom nothing is fitted."""
CALM = ("everyday", "letters", "talk")
"""Short answers in forms, letters full of grief or anger, everyday talk: no danger in any."""
MEASURED = ("letters_unseen", "talk_unseen")
"""Such letters and such talk of authors on whom nothing is fitted."""
UNHEARD = EXAMS[2:]
"""Exams that are not listened to either: what the ear makes of letters is measured on them."""
SMALL = 0.25
"""Weights below are left out."""
SPOKEN_OF = ("mental-crisis-hotline", "stranger:family-violence")
"""Entries whose questions may well come from somebody in danger: not calm ones."""
KINDS = ("explicit", "veiled", "none")
Labelled = list[tuple[set[str], str]]


def read(path: Path) -> Labelled:
    """The messages of a corpus, in pieces, with their levels."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return [(pieces(str(text)), kind) for kind, texts in data.items() for text in texts]


def pieces(text: str) -> set[str]:
    """What the ear is given of a message."""
    return danger.pieces(danger.read(text))


def dialogues(folder: Path) -> Labelled:
    """What people say in the recorded dialogues, but for those of a crisis."""
    return [
        (pieces(str(step["人"])), "none")
        for path in sorted(folder.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text("utf-8"))
        for step in case["talk"]
        if path.stem != "crisis" and "人" in step
    ]


def calm() -> list[set[str]]:
    """Everything people ask otherwise."""
    index = load().index
    asked = [
        simplified(text)
        for text, owner in zip(index.asked, index.owner.tolist(), strict=True)
        if index.ids[owner] not in SPOKEN_OF
    ]
    asked += [
        simplified(one.text)
        for name, own in halves(ROOT / "tests" / "questions").items()
        for one in own
        if name not in UNHEARD and one.gold.isdisjoint(SPOKEN_OF)
    ]
    return [pieces(text) for text in dict.fromkeys(asked)]


def train(messages: Labelled, calm: list[set[str]]) -> tuple[dict[str, list[float]], ear.Sounds]:
    """Weights, small ones left out, and biases."""
    heard = [one for one, _ in messages] + calm
    names: dict[str, int] = {}
    rows = [[names.setdefault(gram, len(names)) for gram in sorted(one)] for one in heard]
    starts = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.full(len(row), 1 / np.sqrt(max(1, len(row)))) for row in rows])
    table = csr_matrix((values, np.concatenate(rows), starts), shape=(len(rows), len(names)))
    fitted = []
    for quiet in (("none",), ("none", "veiled", "abuse")):  # for danger, for outright
        right = [kind not in quiet for _, kind in messages] + [False] * len(calm)
        model = LogisticRegression(C=30, class_weight={False: 1, True: 3}, max_iter=3000, tol=1e-6)
        fitted.append(model.fit(table, right))
    both = np.round(np.vstack([model.coef_[0] for model in fitted]), 2).T
    weights = {
        gram: both[at].tolist() for gram, at in names.items() if np.abs(both[at]).max() > SMALL
    }
    return weights, ear.Sounds(*(round(float(model.intercept_[0]), 4) for model in fitted))


def shares(model: tuple[ear.Weights, ear.Sounds], messages: Labelled, calm: list[set[str]]) -> str:
    """How many of each level, and of what is asked otherwise, sound like danger and outright."""
    groups = {kind: [one for one, named in messages if named == kind] for kind in KINDS}
    found = []
    for name, given in (*groups.items(), ("calm", calm)):
        if not given:
            continue
        sounds = [ear.listen(one, *model) for one in given]
        steps = [np.mean([one.danger >= least for one in sounds]) for least in (CARE, SOFTLY)]
        steps.append(np.mean([one.outright >= ALARM for one in sounds]))
        found.append(f"{name} {' / '.join(f'{step:.3f}' for step in steps)}")
    return "; ".join(found)


def main() -> None:
    tests = ROOT / "tests"
    corpora = {name: read(tests / "crisis" / f"{name}.yaml") for name in (*AUTHORS, *UNSEEN)}
    known = read(tests / "handlers" / "safety.yaml") + dialogues(tests / "dialogues")
    known += [one for name in CALM for one in read(tests / "crisis" / f"{name}.yaml")]
    asked = calm()
    sys.stdout.write("by ear alone: may be worried / softly answered / alarm\n")
    for author in (*AUTHORS, *UNSEEN):
        others = [one for name in AUTHORS if name != author for one in corpora[name]]
        model = train(others + known, asked[::2])
        sys.stdout.write(f"{author}: {shares(model, corpora[author], asked[1::2])}\n")
    for name in MEASURED:
        said = read(tests / "crisis" / f"{name}.yaml")
        sys.stdout.write(f"{name}: {shares(model, said, [])}\n")
    weights, bias = train([one for name in AUTHORS for one in corpora[name]] + known, asked)
    given = {"bias": bias, "weights": weights}
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    ear.FILE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
