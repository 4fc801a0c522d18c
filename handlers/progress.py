"""How a person's requests stand, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from handlers.channelnames import called
from handlers.messages import Choice, Reply

BEIJING = timezone(timedelta(hours=8))
_MEANING = {
    "新建": "已收到，等待工作人员接手",
    "已认领": "工作人员已接手",
    "处理中": "工作人员正在办理",
    "待补材料": "等您补充材料或回话，请看上面的消息",
    "已答复": "工作人员已答复，请看上面的消息",
    "已办结": "已办结",
}
_TOLD = {"待补材料": "等您补充材料或回话", "已答复": "工作人员已答复", "已办结": "已办结"}
_QUOTED = 300
"""Characters of an answer repeated here."""
_WAITING = ("新建", "已认领", "处理中")
_SHOWN = 5


def progress(tickets: Sequence[Mapping[str, Any]]) -> Reply:
    """One line a ticket, newest first, with a button to add something to it."""
    if not tickets:
        return Reply(
            "您在这里还没有提交过申请。需要帮助可以点下面的按钮；在微信、网页等别处提交过的，点“我在别处提交过”。",
            choices=(
                Choice("/help-me", "有困难，要帮助"),
                Choice("/link", "我在别处提交过"),
                Choice("/menu", "回到菜单"),
            ),
        )
    shown = tickets[:_SHOWN]
    more = f"\n（只列出最近 {_SHOWN} 件）" if len(tickets) > _SHOWN else ""
    only = len(shown) == 1
    choices = [choice for t in shown for choice in _choices(t, everything=only)]
    return Reply(
        "您的申请：\n" + "\n".join(_line(ticket) for ticket in shown) + more,
        choices=(*choices, Choice("/menu", "回到菜单")),
    )


def one(ticket: Mapping[str, Any]) -> Reply:
    """One request with everything the person can do about it."""
    where = [f"· 办理部门：{ticket['desk']}"] if ticket.get("desk") else []
    who = [f"· 承办人：{ticket['owner']}"] if ticket.get("owner") else []
    return Reply(
        "\n".join([_line(ticket), *where, *who]),
        choices=(*_choices(ticket, everything=True), Choice("/menu", "回到菜单")),
    )


def _choices(ticket: Mapping[str, Any], *, everything: bool) -> list[Choice]:
    number = ticket["number"]
    found = [Choice(f"/add {number}", f"补充 {number}")]
    if not everything:
        return [*found, Choice(f"/ticket {number}", f"查看 {number}")]
    if ticket.get("may_object"):
        found.append(Choice(f"/object {number}", "对答复不满意"))
    if ticket["state"] != "已办结":
        found.append(Choice(f"/withdraw {number}", "撤回这件申请"))
    return found


def day(moment: str) -> str:
    """An ISO 8601 moment as a day in Nantong: ``11月26日``."""
    at = datetime.fromisoformat(moment).astimezone(BEIJING)
    return f"{at.month}月{at.day}日"


def moment(text: str) -> str:
    """An ISO 8601 moment as day and minute in Nantong: ``11月24日 09:00``."""
    at = datetime.fromisoformat(text).astimezone(BEIJING)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def _line(ticket: Mapping[str, Any]) -> str:
    line: str = f"· {ticket['number']} {ticket['title']}（{day(ticket['opened_at'])}提交）："
    if ticket.get("merged_into"):
        return f"{line}和 {ticket['merged_into']} 是同一件事，合在一起办"
    line += _meaning(ticket)
    if ticket["state"] in _WAITING:
        line += _until(ticket)
    return line


def _until(ticket: Mapping[str, Any]) -> str:
    """By when staff should be heard of; what is late is called late."""
    due = moment(ticket["due_at"])
    if ticket.get("late"):
        return f"，已晚于约定的 {due}，已提醒工作人员"
    return f"，最迟 {due} 前联系您"


def _meaning(ticket: Mapping[str, Any]) -> str:
    """The state in plain words; where staff wrote to another channel, their words."""
    if ticket.get("withdrawn"):
        return "您已撤回"
    if ticket["state"] in _TOLD and (elsewhere := ticket.get("elsewhere")):
        channel, words = elsewhere
        cut = words if len(words) <= _QUOTED else words[: _QUOTED - 1] + "…"
        return f"{_TOLD[ticket['state']]}（发在{called(channel)}里）：“{cut}”"
    return _MEANING.get(ticket["state"], str(ticket["state"]))
