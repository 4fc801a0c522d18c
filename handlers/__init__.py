"""What we say. Handlers are tried in order; the first to speak wins."""

from __future__ import annotations

from handlers.commands import commands
from handlers.corrections import corrections
from handlers.flow import flow
from handlers.handoff import handoff
from handlers.hearing import heard
from handlers.inquiry import inquiry
from handlers.messages import Choice, Reply, Update
from handlers.notice import closed, paused
from handlers.public import public
from handlers.safety import SOFT, cared_for, crisis_reply, level, safety, soft_reply
from handlers.turn import Handler, Situation, Turn

HANDLERS: tuple[Handler, ...] = (
    public,
    safety,
    closed,
    corrections,
    commands,
    handoff,
    flow,
    inquiry,
)


def respond(update: Update, at: Situation) -> Turn:
    """What one update leads to."""
    for handler in HANDLERS:
        if turn := handler(update, at):
            return heard(cared_for(paused(turn, at), update, at), update)
    raise AssertionError("the last handler always speaks")


def apologise(update: Update, error: str) -> list[Reply]:
    """What we say when answering failed; a person in danger still gets the numbers."""
    found = level(update.text)
    if found in SOFT:
        return [soft_reply(found)]
    if found:
        return [crisis_reply(found)]
    return [
        Reply(
            f"刚才这句话没有处理成功，已经记下（编号 {error}）。请再发一次，或者找工作人员。\n"
            "急事请打 12345；有生命危险请打 110、120。",
            choices=(Choice("/human", "找工作人员"), Choice("/menu", "回到菜单")),
        )
    ]
