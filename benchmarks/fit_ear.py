"""Trains the ear for despair; run ``python -m benchmarks.fit_ear``.

On the crisis corpora of two authors (``tests/crisis``), the table of the safety tests, and everything people
ask us otherwise. First each half is heard by an ear trained on the other and the shares are printed; then one
is trained on all and written to ``handlers/ear.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import yaml
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.evaluating import halves
from handlers import ear
from handlers.danger import level
from knowledge.load import load
from knowledge.text import simplified

ROOT = Path(__file__).parents[1]
THRESHOLD, SMALL = 0.5, 0.06
Labelled = list[tuple[str, str]]


def read(path: Path) -> Labelled:
    """The messages of a corpus with their levels."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return [(simplified(str(text)), kind) for kind, texts in data.items() for text in texts]


def train(messages: Labelled, calm: list[str]) -> tuple[dict[str, float], float]:
    """Weights and bias, small ones left out."""
    texts = [text for text, _ in messages] + calm
    despair = [kind != "none" for _, kind in messages] + [False] * len(calm)
    names: dict[str, int] = {}
    rows = [[names.setdefault(gram, len(names)) for gram in ear.pieces(text)] for text in texts]
    starts = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.full(len(row), 1 / np.sqrt(max(1, len(row)))) for row in rows])
    table = csr_matrix((values, np.concatenate(rows), starts), shape=(len(rows), len(names)))
    model = LogisticRegression(C=30, class_weight={False: 1, True: 3}, max_iter=3000)
    model.fit(table, despair)
    weights = {
        gram: round(float(model.coef_[0][at]), 3)
        for gram, at in names.items()
        if abs(model.coef_[0][at]) > SMALL
    }
    return weights, round(float(model.intercept_[0]), 4)


def main() -> None:
    tests = ROOT / "tests"
    first, second = (read(tests / "crisis" / f"{name}.yaml") for name in ("first", "second"))
    known = read(tests / "handlers" / "safety.yaml")
    asked = [simplified(text) for text in load().index.asked]
    asked += [simplified(one.text) for own in halves(tests / "questions").values() for one in own]
    for own, other in ((first, second), (second, first)):
        weights, bias = train(own + known, asked[::2])
        shares = {
            kind: np.mean(
                [
                    level(text) not in (None, "veiled")
                    or ear.score(text, weights, bias) >= THRESHOLD
                    for text, named in other
                    if named == kind
                ]
            )
            for kind in ("explicit", "veiled", "none")
        }
        calm = np.mean([ear.score(text, weights, bias) >= THRESHOLD for text in asked[1::2]])
        sys.stdout.write(f"unseen half: {shares}; of what is asked otherwise: {calm:.4f}\n")
    weights, bias = train(first + second + known, asked)
    given = {"bias": bias, "threshold": THRESHOLD, "weights": weights}
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    ear.FILE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
