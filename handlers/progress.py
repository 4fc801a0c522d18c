"""How a person's requests stand, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from handlers.messages import Choice, Reply

BEIJING = timezone(timedelta(hours=8))
_MEANING = {
    "新建": "已收到，等待工作人员接手",
    "已认领": "工作人员正在办理",
    "已答复": "工作人员已答复，请看上面的消息",
    "已办结": "已办结",
}
_SHOWN = 5


def progress(tickets: Sequence[Mapping[str, Any]]) -> Reply:
    """One line a ticket, newest first, with a button to add something to it."""
    if not tickets:
        return Reply(
            "您还没有提交过申请。需要帮助可以点下面的按钮。",
            choices=(Choice("/help-me", "有困难，要帮助"), Choice("/menu", "回到菜单")),
        )
    shown = tickets[:_SHOWN]
    more = f"\n（只列出最近 {_SHOWN} 件）" if len(tickets) > _SHOWN else ""
    return Reply(
        "您的申请：\n" + "\n".join(_line(ticket) for ticket in shown) + more,
        choices=(
            *(Choice(f"/add {t['number']}", f"补充 {t['number']}") for t in shown),
            Choice("/menu", "回到菜单"),
        ),
    )


def day(moment: str) -> str:
    """An ISO 8601 moment as a day in Nantong: ``11月26日``."""
    at = datetime.fromisoformat(moment).astimezone(BEIJING)
    return f"{at.month}月{at.day}日"


def _line(ticket: Mapping[str, Any]) -> str:
    line: str = f"· {ticket['number']} {ticket['title']}（{day(ticket['opened_at'])}提交）："
    line += _MEANING.get(ticket["state"], ticket["state"])
    if ticket["state"] in ("新建", "已认领"):
        line += f"，最迟 {day(ticket['due_at'])} 前联系您"
    return line
