"""How well entries of the public sets are found, beside the usual engines; run ``python -m benchmarks.public``.

Test halves only (see :mod:`benchmarks.question_sets`). R1: right entry first. cov95: the largest share of the
answerable questions that one threshold on the score answers rightly while 95 of 100 answers are right, the
unanswerable ones mixed in as they stand in the file; "even" weighs them so that both kinds count alike, "rare" so
that they count a third of that. AUROC: telling answerable from unanswerable by score. Noisy twins: R1 with one
character in ten wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from benchmarks import question_sets
from knowledge.postings import Floats
from knowledge.search import Index
from knowledge.text import grams

Found = tuple[list[str], Floats]
Engine = Callable[[Index, Sequence[str]], Found]


def ours(index: Index, texts: Sequence[str]) -> Found:
    """This project's index."""
    best = [index.search(text, 1) for text in texts]
    return [one[0].id if one else "" for one in best], np.array(
        [one[0].score if one else 0.0 for one in best]
    )


def _by_question(index: Index, scores: Floats) -> Found:
    best = scores.argmax(axis=1)
    return [index.ids[index.owner[one]] for one in best], scores.max(axis=1)


def ratio(index: Index, texts: Sequence[str]) -> Found:
    """RapidFuzz's ratio to every question."""
    return _by_question(index, process.cdist(texts, index.asked, scorer=fuzz.ratio))


def bm25(index: Index, texts: Sequence[str]) -> Found:
    """BM25 over characters and pairs of them."""
    engine = bm25s.BM25()
    engine.index([grams(text) for text in index.asked], show_progress=False)
    return _by_question(index, np.array([engine.get_scores(grams(text)) for text in texts]))


def centroid(index: Index, texts: Sequence[str]) -> Found:
    """TF-IDF over 1–3 characters, the centroid of an entry's questions."""
    cut = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    known = cut.fit_transform(index.asked)
    centres = np.zeros((len(index.ids), known.shape[1]))
    np.add.at(centres, index.owner, known.toarray())
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    scores = cut.transform(texts) @ centres.T
    return [index.ids[one] for one in scores.argmax(axis=1)], scores.max(axis=1)


def svc(index: Index, texts: Sequence[str]) -> Found:
    """A linear classifier over 1–3 characters, an entry a class."""
    cut = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    model = LinearSVC().fit(cut.fit_transform(index.asked), index.owner)
    scores = model.decision_function(cut.transform(texts))
    return [index.ids[one] for one in scores.argmax(axis=1)], scores.max(axis=1)


ENGINES: dict[str, Engine] = {
    "**ours**": ours,
    "LinearSVC, characters 1–3": svc,
    "TF-IDF centroid": centroid,
    "bm25s, characters and pairs": bm25,
    "rapidfuzz ratio": ratio,
}


def covered(answerable: Floats, right: Floats, score: Floats, weight: float) -> float:
    """See above; an unanswerable question counts ``weight``."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.cumsum(np.where(answerable, 1.0, weight)[order])
    enough = np.flatnonzero(precision >= 0.95)
    return float(hits[enough[-1]] / answerable.sum()) if len(enough) else 0.0


def row(name: str, engine: Engine) -> list[str]:
    """The figures of one engine on one set."""
    index, asked = question_sets.public(name, "test")
    ids, score = engine(index, [one.text for one in asked])
    answerable = np.array([bool(one.gold) for one in asked])
    right = np.array([id in one.gold for id, one in zip(ids, asked, strict=True)])
    even = float(answerable.sum() / (~answerable).sum())
    figures = [right[answerable].mean()]
    figures += [covered(answerable, right, score, weight) for weight in (1.0, even, even / 3)]
    figures.append(roc_auc_score(answerable, score))
    for noise in question_sets.NOISE:
        _, noisy = question_sets.public(name, "test", noise)
        ids, _ = engine(index, [one.text for one in noisy])
        figures.append(np.mean([id in one.gold for id, one in zip(ids, noisy, strict=True)]))
    return [f"{figure:.3f}" for figure in figures]


def main() -> None:
    heads = "R1 | cov95 | even | rare | AUROC | homophones | dropped | swapped | part pinyin | full pinyin"
    print(f"| set | engine | {heads} |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in question_sets.public_names("test"):
        for label, engine in ENGINES.items():
            print(f"| {name} | {label} | {' | '.join(row(name, engine))} |", flush=True)


if __name__ == "__main__":
    main()
