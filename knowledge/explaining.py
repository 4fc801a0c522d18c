"""Why a question was answered as it was: what was read in it, every candidate with every feature,
and the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np

from knowledge import doubt, story
from knowledge.answer import Answer, answer, nearest
from knowledge.doubt import SIGNS
from knowledge.forest import forest
from knowledge.library import Library
from knowledge.nearness import FEATURES
from knowledge.parameters import parameters
from knowledge.regions import named
from knowledge.search import Match, Typed
from knowledge.text import FACET

_SHOWN = 4


def explain(library: Library, text: str, *, region: str | None, today: date) -> dict[str, Any]:
    """Everything that led to the decision on ``text``, ready for JSON."""
    index = library.index
    typed = index.read(text)
    found = answer(library, text, region=region, today=today)
    matches = nearest(library, text)
    learned = parameters()
    return {
        "question": text,
        "read_as": typed.plain,
        "as_typed": typed.folded,
        "tokens": _tokens(library, typed),
        "unknown_to_us": [gram for gram in typed.grams.strangers if len(gram) == 1],
        "regions": list(named(library, text)),
        "facets": _facets(library, typed.values),
        "questions": story.questions(library.reader, text),
        "candidates": _candidates(library, text),
        "after_story": [
            {"id": one.id, "likelihood": round(one.score, 4)} for one in matches[:_SHOWN]
        ],
        "thresholds": {"answer": learned.answer, "ask": learned.ask},
        "decision": {
            "status": found.status,
            "id": found.id,
            "score": round(found.score, 4),
            "options": list(found.options),
            "also": list(found.also),
            "region": found.region,
            "why": _why(library, found, matches[0] if matches else None),
        },
    }


def told(why: Mapping[str, Any], write: Callable[[str], None]) -> None:
    """The same for reading."""
    write(f"问：{why['question']}\n读作：{why['read_as']}")
    write(
        "字词（越大越说明问题）："
        + "  ".join(f"{gram} {told}" for gram, told in why["tokens"].items())
    )
    for label, key in (("地区", "regions"), ("说到", "facets"), ("没见过的字", "unknown_to_us")):
        if why[key]:
            write(f"{label}：{'、'.join(why[key])}")
    for one in why["candidates"]:
        write(
            f"\n{one['likelihood']:.2f}  {one['id']}（{one['title']}）\n      最近的问法：{one['question']}"
        )
        strong = sorted(one["features"].items(), key=lambda pair: -abs(pair[1]["adds"]))
        row = "  ".join(f"{name} {n['value']:.2f}×→{n['adds']:+.2f}" for name, n in strong)
        write(f"      排序：{row}")
        write("      把握：" + "  ".join(f"{name} {value}" for name, value in one["signs"].items()))
    decision = why["decision"]
    limits = why["thresholds"]
    write(f"\n到 {limits['answer']} 直接答，到 {limits['ask']} 反问。整段看下来：")
    for one in why["after_story"]:
        write(f"  {one['likelihood']:.2f}  {one['id']}")
    chosen = decision["id"] or "、".join(decision["options"]) or "没有"
    write(f"决定：{decision['status']}（{chosen}）。{decision['why']}")


_TOKENS = 16


def _tokens(library: Library, typed: Typed) -> dict[str, float]:
    """The characters and pairs that were looked up, those that tell most first: how rare they are
    times how surely they stay when people say the same in other words."""
    index = library.index
    words = {number: gram for gram, number in index.characters.vocabulary.items()}
    told = {words[one]: round(float(index.lasting[one]), 2) for one in typed.grams.known.tolist()}
    return dict(sorted(told.items(), key=lambda one: -one[1])[:_TOKENS])


def _why(library: Library, found: Answer, best: Match | None) -> str:
    """The rule that decided, in a sentence."""
    if best is None:
        return "没有一条沾得上边，或者话里没有说是什么事。"
    learned, sure = parameters(), f"最像的一条（{best.id}）把握 {best.score:.2f}"
    if found.id == library.lexicon.others.article and found.id != best.id:
        return "话里说的是另有部门管的人，又没有提到当兵的，先说该找谁。"
    if best.id.startswith("stranger:"):
        return f"最像的是一类不归我们答的话（{best.id}，把握 {best.score:.2f}）。"
    said = {
        "answered": f"{sure}，到了 {learned.answer}，直接给。",
        "expired": f"{sure}，但这一条已经失效，不给数字。",
        "elsewhere": f"{sure}，但它不适用于{found.region or '问的地方'}。",
        "unclear": f"{sure}，到了 {learned.ask}、不到 {learned.answer}（或另有一条也说得通），先问清。",
        "unknown": f"{sure}，不到 {learned.ask}，不答，请人接手。",
    }
    return said.get(found.status, f"{sure}，是要办的事或闲聊，不是问政策。")


def _candidates(library: Library, text: str) -> list[dict[str, Any]]:
    """The first entries of the whole message with what speaks for and against each."""
    index = library.index
    typed = index.read(text)
    near = index.shortlist(typed)
    if not len(near.questions):
        return []
    weights = index.weights
    ranks = near.table @ weights
    best = index.best(near, ranks)[:_SHOWN]
    signs = [doubt.signs(index, typed, near, ranks, best, one) for one in best]
    likely = forest(SIGNS).likelihood(np.array(signs)).tolist()
    return [
        {
            "id": index.ids[near.owners[row]],
            "title": library.entry_title(index.ids[near.owners[row]]),
            "question": index.asked[near.questions[row]],
            "rank": round(float(ranks[row]), 3),
            "likelihood": round(chance, 4),
            "features": _features(near.table[row], weights),
            "signs": _named(sign),
        }
        for row, sign, chance in zip(best, signs, likely, strict=True)
    ]


def _features(row: Any, weights: Any) -> dict[str, dict[str, float]]:
    return {
        name: {"value": round(float(value), 3), "adds": round(float(value * weight), 3)}
        for name, value, weight in zip(FEATURES, row, weights, strict=True)
        if weight
    }


def _named(sign: Any) -> dict[str, float]:
    """The signs beyond the features of the rank score."""
    values = np.round(sign, 3).tolist()
    return {name: value for name, value in zip(SIGNS, values, strict=True) if name not in FEATURES}


def _facets(library: Library, values: int) -> list[str]:
    return [
        f"{facet}={value}"
        for number, (facet, words) in enumerate(library.lexicon.facets.items())
        for place, value in enumerate(words)
        if values >> (FACET * number + place) & 1
    ]
