"""Asks which article is meant: what the likeliest says, and what tells them apart."""

from __future__ import annotations

from knowledge.answer import Answer
from knowledge.library import Library
from knowledge.schema import Article

_LIKELY = 0.6
"""From this likelihood on the first is shown as what was probably meant."""


def which(found: Answer, library: Library) -> str:
    """The question back for what is offered, with the conclusion of each article: who is asked shall not
    have to open one to see whether it is the right one."""
    offered = [library.articles[id] for id in found.options if id in library.articles]
    if not offered:
        return "您想办的是不是这件事？" if len(found.options) == 1 else "您想办的是哪一件？"
    first = offered[0]
    if found.score >= _LIKELY and found.options[0] == first.id:
        lines = [f"听您说的，多半是这一条：{first.title}。", first.answer.summary, ""]
        lines.append("要看全文、依据和怎么办，点第一个；不是这件事，点别的。")
        return "\n".join([*lines, *_difference(offered, [first])])
    lines = ["您问的是哪一个？点一下就行。" if len(found.options) > 1 else "您是不是想问这个？"]
    lines += [f"· {one.title}：{one.answer.summary}" for one in offered]
    return "\n".join([*lines, *_difference(offered, offered)])


def _difference(offered: list[Article], of: list[Article]) -> list[str]:
    """What tells the first ``of`` them from another one, in the editors' words, by their titles."""
    for one in of:
        told = {other.id: other.difference for other in one.not_to_be_confused_with}
        for other in offered:
            if other.id in told:
                said = told[other.id].replace("这一条", f"“{one.title}”")
                return ["区别：" + said.replace("那一条", f"“{other.title}”")]
    return []
