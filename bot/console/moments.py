"""Moments and spans as staff read them, Nantong time."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.desk.clock import BEIJING


def shown(moment: datetime, now: datetime) -> str:
    """``今天 09:15``, ``11月20日 09:15`` or, of another year, ``2025年11月20日 09:15``."""
    local, today = moment.astimezone(BEIJING), now.astimezone(BEIJING)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return f"今天 {clock}"
    day = f"{local.month}月{local.day}日 {clock}"
    return day if local.year == today.year else f"{local.year}年{day}"


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
