"""The conversation a person is in the middle of."""

from __future__ import annotations

from handlers import flows
from handlers.dialogue import Leave, Progress, advance, step_back
from handlers.messages import Choice, Point, Reply, Update
from handlers.turn import Situation, Turn


def begin(name: str, at: Situation, *, said: Point | str | None = None) -> Turn | None:
    """Start the flow called ``name``, with what was ``said`` as its first answer if it fits.

    None if there is no flow of that name.
    """
    starting = flows.find(name, at.knowledge, at.memory)
    if starting is None:
        return None
    record = flows.prepared(name, said, at.knowledge)
    return _turn(name, advance(starting, record, None, at.perform))


def flow(update: Update, at: Situation) -> Turn | None:
    """Carry the flow on; None when the person is in none, or speaks of something else."""
    if at.flow is None:
        return None
    running = flows.find(at.flow, at.knowledge, at.memory)
    if running is None:
        return Turn(
            [Reply("这项服务刚刚有调整，请重新选。", choices=(Choice("/menu", "回到菜单"),))]
        )
    if at.idle and not (open_question := advance(running, at.record, None, at.perform)).passing:
        reminder = Reply("您上次的事还没填完，前面的都还在。接着回答下面的问题；不办了发“取消”。")
        return Turn([reminder, *open_question.replies], flow=at.flow, record=at.record)
    try:
        return _turn(at.flow, advance(running, at.record, update, at.perform))
    except Leave:
        return None


def back(at: Situation) -> Turn | None:
    """One question back; None when the person is in no flow."""
    running = at.flow and flows.find(at.flow, at.knowledge, at.memory)
    if not at.flow or not running:
        return None
    return _turn(at.flow, advance(running, step_back(at.record), None, at.perform))


def _turn(name: str, progress: Progress) -> Turn:
    return Turn(
        progress.replies,
        flow=None if progress.finished else name,
        record=progress.record,
        memory=flows.learnt(progress.record),
    )
