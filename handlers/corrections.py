"""Messages that were changed after they were sent.

A slip mended at once asks anew; what was answered long ago, or is part of a form, stays as it is.
"""

from __future__ import annotations

from handlers.messages import Choice, Reply, Update
from handlers.turn import Situation, Turn

SOON = 60.0
"""Seconds after sending in which a change corrects a question."""


def corrections(update: Update, at: Situation) -> Turn | None:
    """None lets the new words be answered: a fresh correction, or one that staff should see."""
    if update.edited_after is None or at.held is not None:
        return None
    if at.flow is not None:
        return Turn([_IN_FLOW], status="command", resume=True)
    if update.edited_after > SOON:
        return Turn([_LATE], status="command", resume=True)
    return None


_IN_FLOW = Reply(
    "您改了前面的一条消息，填好的内容不会跟着变。\n要改上一项，点“返回上一步”；不改就接着回答。",
    choices=(Choice("/back", "返回上一步"), Choice("/cancel", "不办了")),
)
_LATE = Reply(
    "您改的是以前的消息，那一条已经答过了。要问新的，请直接再发一条。",
    choices=(Choice("/menu", "回到菜单"),),
)
