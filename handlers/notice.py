"""What the operator has switched off: people read a notice instead, and nothing they say is lost.

Danger to life is always answered, and what staff hold goes on to staff.
"""

from __future__ import annotations

from handlers.messages import Choice, Reply, Update
from handlers.turn import Situation, Turn

_POLICY = ("answered", "unclear", "unknown", "elsewhere", "expired")
_FIGURES = ("benefits", "calculate")
"""Flows that tell people what they are entitled to."""
_NUMBERS = "急事请打 12345；有生命危险请打 110、120；心里难受可以打 12356。"


def closed(update: Update, at: Situation) -> Turn | None:
    """The notice of a channel that is switched off; None while it is on."""
    if not at.closing.channel or at.held is not None:
        return None
    return Turn([Reply(f"{at.closing.channel}\n{_NUMBERS}")], resume=True)


def paused(turn: Turn, at: Situation) -> Turn:
    """``turn``, or the notice in its place when it is about policy and answers are off."""
    if not at.closing.answers or not _about_policy(turn, at):
        return turn
    choices = (
        Choice("/human", "找工作人员"),
        Choice("/help-me", "有困难，要帮助"),
        Choice("/menu", "回到菜单"),
    )
    return Turn([Reply(f"{at.closing.answers}\n{_NUMBERS}", choices=choices)])


def _about_policy(turn: Turn, at: Situation) -> bool:
    if turn.article is not None or turn.status in _POLICY:
        return True
    flows = [(name or "").partition(":")[0] for name in (turn.flow, at.flow)]
    return flows[0] in _FIGURES or (flows[1] in _FIGURES and turn.flow is None)
