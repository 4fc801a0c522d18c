"""Moments and spans as staff read them, Nantong time."""

from __future__ import annotations

from datetime import datetime

from bot.desk.clock import BEIJING


def shown(moment: datetime, now: datetime) -> str:
    """``今天 09:15``, ``11月20日 09:15`` or, of another year, ``2025年11月20日 09:15``."""
    local, today = moment.astimezone(BEIJING), now.astimezone(BEIJING)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return f"今天 {clock}"
    day = f"{local.month}月{local.day}日 {clock}"
    return day if local.year == today.year else f"{local.year}年{day}"
