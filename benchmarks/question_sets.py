"""The question sets that search is fitted and measured on.

Ours: ``tests/questions`` – half of each entry's questions (by a hash of the text) for fitting, the other
half and everything below ``held/`` for reporting. Public ones of the general form (``entries.jsonl``,
``queries.dev.jsonl``, ``queries.test.jsonl``) in the folder ``$QUESTION_SETS`` or ``../shared/bench``, when there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.evaluating import Question, halves, read
from knowledge.library import entries_of, spoken
from knowledge.load import load
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

ROOT = Path(__file__).parents[1]
PUBLIC = Path(os.environ.get("QUESTION_SETS", ROOT.parent / "shared" / "bench"))
NOISE = ("homo", "drop", "swap", "pinyin_part", "pinyin_full")


def ours(half: str) -> tuple[Index, list[Question]]:
    """Our index with the ``fit`` or the ``report`` half of our own questions, or the ``held``."""
    return load().index, halves(ROOT / "tests" / "questions")[half]


def asked() -> list[str]:
    """What our own test people ask, of every topic."""
    files = sorted((ROOT / "tests" / "questions").glob("*.yaml"))
    return [one.text for file in files for one in read(file)]


def left_out(fold: int, folds: int = 5) -> tuple[Index, list[Question]]:
    """Our index without a fifth of every entry's questions and a fifth of the groups that are not
    ours, and those as queries: material for fitting that nobody wrote for it."""
    library = load()
    entries = entries_of(library.articles, library.services, library.intents)
    foreign = {f"stranger:{id}": one.questions for id, one in library.strangers.items()}
    hidden = set(list(foreign)[fold::folds])
    kept: dict[str, Sequence[str]] = {}
    queries = [Question(text, frozenset(), "stranger") for id in hidden for text in foreign[id]]
    for number, (id, questions) in enumerate(entries.items()):
        out = (
            set(list(questions)[(fold + number) % folds :: folds]) if len(questions) > 3 else set()
        )
        kept[id] = [text for text in questions if text not in out]
        queries += [Question(text, frozenset({id}), "left out") for text in sorted(out)]
    near = {id: texts for id, texts in foreign.items() if id not in hidden}
    bodies = spoken(library.articles, library.services)
    return Index({**kept, **near}, library.reader, bodies, near), queries


def public(name: str, half: str, noise: str = "q") -> tuple[Index, list[Question]]:
    """A public set's index with its ``dev`` or ``test`` half; of the noisy test twins the answerable
    only."""
    entries = {one["id"]: one["questions"] for one in _lines(PUBLIC / name / "entries.jsonl")}
    queries = [
        Question(
            one.get(noise) or one["q"], frozenset({one["gold"]} - {None}), one.get("kind") or ""
        )
        for one in _lines(PUBLIC / name / f"queries.{half}.jsonl")
        if noise == "q" or one["gold"] or half == "dev"
    ]
    return Index(entries, Reader.of(Lexicon())), queries


def public_names(half: str) -> list[str]:
    """The public sets that are there, for the ``half`` wanted."""
    found = PUBLIC.glob(f"*/queries.{half}.jsonl")
    return sorted(path.parent.name for path in found if path.stat().st_size > 1)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
