"""How a ticket stands against what was promised, in words for staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.db.tables import State, Ticket
from bot.desk import promises


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """Whether a promise is broken."""
    due = promises.due(ticket)
    return due is not None and now > due


def remaining(ticket: Ticket, now: datetime) -> str:
    """How the promise that breaks next stands, in words."""
    if ticket.state == State.RESOLVED:
        return "已办结"
    if ticket.paused_at is not None:
        return f"等材料 {span(now - ticket.paused_at)}，时钟停着"
    due = promises.due(ticket)
    if due is None:
        return "已答复"
    what = "首次答复" if ticket.answered_at is None else "再次答复" if ticket.asked_at else "办结"
    if now > due:
        return f"{what}已超时 {span(now - due)}"
    return f"{what}还剩 {span(due - now)}"


def span(length: timedelta) -> str:
    """``不到1分钟``, ``25分钟``, ``3小时``, ``2天4小时``."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return "不到1分钟"
    if minutes < 60:
        return f"{minutes}分钟"
    hours = minutes // 60
    if hours < 24:
        return f"{hours}小时"
    days, rest = divmod(hours, 24)
    return f"{days}天{rest}小时" if rest and days < 10 else f"{days}天"
