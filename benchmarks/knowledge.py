"""How fast questions and place names are found; run ``python -m benchmarks.knowledge``.

Machines differ and are shared: read the ratios to RapidFuzz's own ``extractOne`` over the same
questions, measured in the same run, not the milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import yaml
from rapidfuzz import fuzz, process

from benchmarks import question_sets
from knowledge.base import load_knowledge

ROOT = Path(__file__).parents[1]


def milliseconds(action: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    """Median and 99th percentile of one call."""
    runs = []
    for text in texts:
        started = time.perf_counter()
        action(text)
        runs.append((time.perf_counter() - started) * 1000)
    return median(runs), quantiles(runs, n=100)[98]


def main() -> None:
    started = time.perf_counter()
    knowledge = load_knowledge()
    print(f"load everything: {(time.perf_counter() - started) * 1000:.0f} ms")
    asked = question_sets.asked()
    written = [q for one in knowledge.library.articles.values() for q in one.questions]
    places = list(yaml.safe_load((ROOT / "tests" / "places.yaml").read_text("utf-8")))
    names = [str(place["text"]) if isinstance(place, dict) else str(place) for place in places]
    ours = milliseconds(knowledge.library.index.search, asked)
    peer = milliseconds(lambda text: process.extractOne(text, written, scorer=fuzz.ratio), asked)
    named = milliseconds(knowledge.gazetteer.resolve, names)
    print(f"{len(asked)} questions over {len(written)}: p50 {ours[0]:.2f} ms, p99 {ours[1]:.2f} ms")
    print(f"  rapidfuzz extractOne, ratio: p50 {peer[0]:.2f} ms, p99 {peer[1]:.2f} ms")
    print(f"  ours / peer: {ours[0] / peer[0]:.1f} (p50), {ours[1] / peer[1]:.1f} (p99)")
    print(f"{len(names)} place names: p50 {named[0]:.3f} ms, p99 {named[1]:.3f} ms")


if __name__ == "__main__":
    main()
