"""``youjun evaluate`` and ``youjun explain``: how well questions are answered, and why one was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from handlers.danger import SOFT, level
from knowledge import story
from knowledge.answer import answer, nearest
from knowledge.evaluation import Verdict, summary, worse
from knowledge.library import Library
from knowledge.parameters import parameters
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

QUESTIONS, CRISIS = Path("tests/questions"), Path("tests/crisis")
BASELINE = "baseline.json"
EXAMS = ("held", "third", "fourth", "fifth", "sixth", "seventh")
"""Folders of questions on which nothing is fitted, each of an author who knew the articles' titles only."""
_BEST = 10


@dataclass(frozen=True)
class Question:
    """A question and the entries that are right for it (none: must not be answered)."""

    text: str
    gold: frozenset[str]
    source: str


def read(path: Path) -> list[Question]:
    """The questions of a file: ``entry: [questions]`` (any entry of ``negatives.yaml`` is none), a list of
    ``{q, any}``, or JSON lines of ``{q, gold}``. Raises ValueError for anything else."""
    if path.suffix == ".jsonl":
        return [_question(one, path) for one in _lines(path)]
    data: Any = yaml.safe_load(path.read_text("utf-8"))
    if isinstance(data, list):
        return [_question(one, path) for one in data]
    if not isinstance(data, dict):
        raise ValueError(f"{path}：应当是“文章: [问法]”，或者 q 和 any 的列表")
    nobody = path.stem == "negatives"
    return [
        Question(str(text), frozenset() if nobody else frozenset({id}), path.stem)
        for id, texts in data.items()
        for text in texts
    ]


def is_fit(text: str) -> bool:
    """Whether a question belongs to the half that parameters may be fitted on."""
    return sha256(text.encode()).digest()[0] % 2 == 0


def halves(folder: Path) -> dict[str, list[Question]]:
    """The questions of ``folder`` as sets: ``fit``, one half of those beside it and all that were
    looked at while search was built (``seen/``); ``report``, the other half; and :data:`EXAMS`."""
    beside = _of(folder)
    return {
        "fit": [one for one in beside if is_fit(one.text)] + _of(folder / "seen"),
        "report": [one for one in beside if not is_fit(one.text)],
    } | {name: _of(folder / name) for name in EXAMS}


def _of(folder: Path) -> list[Question]:
    return [one for path in sorted(folder.glob("*.yaml")) for one in read(path)]


def judge(library: Library, question: Question, today: date) -> Verdict:
    """What the assistant does with a question."""
    found = answer(library, question.text, region=None, today=today)
    ranked = nearest(library, question.text)
    wanted = sorted(question.gold & library.articles.keys())
    return Verdict(
        text=question.text,
        gold=question.gold,
        topic=library.articles[wanted[0]].topic if wanted else "",
        status=found.status,
        ranked=ranked[0].id if ranked else None,
        given=found.id,
        offered=frozenset((*found.options, *found.also)),
        score=ranked[0].score if ranked else 0.0,
    )


def report(
    library: Library, sets: Mapping[str, list[Question]], today: date
) -> tuple[dict[str, Any], dict[str, list[Verdict]]]:
    """The summary of every set, and the verdicts behind it."""
    verdicts = {
        name: [judge(library, one, today) for one in questions]
        for name, questions in sets.items()
        if questions
    }
    return {name: summary(own) for name, own in verdicts.items()}, verdicts


def fallen(folder: Path, found: Mapping[str, Any]) -> list[str]:
    """What is worse than the baseline committed in ``folder``, as ``set: figure before → now``."""
    before = json.loads((folder / BASELINE).read_text("utf-8"))
    return [
        f"{name}: {figure} {before[name][figure]} → {found[name][figure]}"
        for name in before
        for figure in worse(found[name], before[name])
    ]


def crisis(folder: Path) -> dict[str, dict[str, float]]:
    """Of the messages of ``folder`` by author, shares: ``explicit`` and ``veiled`` ones that got a
    crisis reply, ``alarmed``: explicit ones that alerted staff; of those that mean no harm
    ``false_alarm``, that alerted staff, and ``comforted``, that got the help lines only. What an author
    wrote none of has no share."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        data: dict[str, list[Any]] = yaml.safe_load(path.read_text("utf-8"))
        heard = {kind: [level(str(text)) for text in texts] for kind, texts in data.items()}
        shares = found[path.stem] = dict[str, float]()
        if explicit := heard.get("explicit"):
            shares |= {"explicit": _share(explicit), "alarmed": _share(_loud(explicit))}
        if veiled := heard.get("veiled"):
            shares["veiled"] = _share(veiled)
        if harmless := heard.get("none"):
            alarmed = _share(_loud(harmless))
            shares |= {
                "false_alarm": alarmed,
                "comforted": round(_share(harmless) - alarmed, 4),
            }
    return found


def _loud(levels: Sequence[str | None]) -> list[str | None]:
    """Those that alert staff."""
    return [None if one in SOFT else one for one in levels]


def _share(levels: Sequence[object]) -> float:
    return round(sum(one is not None for one in levels) / len(levels), 4)


def general(entries: Path, queries: Path, out: Path | None) -> dict[str, Any]:
    """The same engine over any collection: writes a line of JSON for each query to ``out`` and returns
    the figures. Shapes: docs/json.md. Raises ValueError with file and line for what is malformed."""
    index = Index(
        {str(one["id"]): [str(text) for text in one["questions"]] for one in _lines(entries)},
        Reader.of(Lexicon()),
    )
    asked = [_question(one, queries) for one in _lines(queries)]
    rows = [_row(index, one) for one in asked]
    if out is not None:
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        out.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    pairs = list(zip(asked, rows, strict=True))
    return summary([_verdict(question, row) for question, row in pairs])


def text_report(found: Mapping[str, Any], write: Callable[[str], None]) -> None:
    """The figures for reading."""
    names = {
        "questions": "该答的问题",
        "right_first": "对的排第一",
        "right_first_macro": "各主题平均",
        "right_offered": "给了或列出了对的",
        "given": "直接给出",
        "wrong_given": "直接给错",
        "refused": "该答没答",
        "unanswerable": "不该答的问题",
        "unanswerable_answered": "不该答却答了",
        "unanswerable_refused": "不该答，没答",
    }
    for key, label in names.items():
        value = found[key]
        write(f"  {label}：{value if isinstance(value, int) else f'{value:.1%}'}")
    write("  说有几成把握 → 实际对几成：")
    for row in found["calibration"]:
        write(f"    {row['said']:.2f} → {row['right']:.2f}（{row['count']} 句）")
    write("  最容易混的：")
    for pair in found["confusions"]:
        write(f"    {pair['wanted']} 被当成 {pair['got']}：{pair['count']} 次")


def _row(index: Index, question: Question) -> dict[str, Any]:
    found = story.search(index, question.text, limit=_BEST)
    score = found[0].score if found else 0.0
    learned = parameters()
    status = (
        "answered" if score >= learned.answer else "unclear" if score >= learned.ask else "unknown"
    )
    return {
        "q": question.text,
        "status": status,
        "id": found[0].id if found and status == "answered" else None,
        "score": round(score, 6),
        "top": _filled([match.id for match in found], index, question.text),
    }


def _filled(best: list[str], index: Index, text: str) -> list[str]:
    """At least ten ids where there are so many: few entries with many questions each fill the list of
    what is compared closely."""
    if len(best) >= _BEST:
        return best
    more = index.roughly(text, 2 * _BEST)
    return list(dict.fromkeys((*best, *more, *index.ids[: 2 * _BEST])))[:_BEST]


def _verdict(question: Question, row: Mapping[str, Any]) -> Verdict:
    offered = row["top"][:3] if row["status"] == "unclear" else []
    return Verdict(
        text=question.text,
        gold=question.gold,
        topic="",
        status=row["status"],
        ranked=row["top"][0] if row["top"] else None,
        given=row["id"],
        offered=frozenset(offered),
        score=row["score"],
    )


def _question(one: Mapping[str, Any], path: Path) -> Question:
    if "q" not in one:
        raise ValueError(
            f"{path}：每一条都要有 q（问的话）：{json.dumps(one, ensure_ascii=False)[:80]}"
        )
    gold = one.get("any") or ([one["gold"]] if one.get("gold") else [])
    return Question(str(one["q"]), frozenset(map(str, gold)), path.stem)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except ValueError as broken:
            raise ValueError(f"{path} 第 {number} 行不是 JSON：{broken}") from None
        if not isinstance(one, dict):
            raise ValueError(f"{path} 第 {number} 行应当是一个对象")
        yield one
