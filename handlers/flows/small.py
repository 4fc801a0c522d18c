"""Short flows: talk to a person, be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers import privacy
from handlers.dialogue import Do, Steps, ask
from handlers.effects import AskDuty, CallPerson, ForgetMe
from handlers.messages import Choice, Reply
from handlers.progress import moment
from handlers.questions import Choose, Text
from knowledge.base import Knowledge

_MENU = (Choice("/menu", "回到菜单"),)


def human(knowledge: Knowledge, memory: Mapping[str, Any]) -> Steps:
    """Hand the conversation to staff: what about, and which county's."""
    about = yield from ask(
        Text("about", "您想问什么、要办什么？打几句话，我转给工作人员。不用写身份证号。", minimum=2)
    )
    county = memory.get("region")
    names = knowledge.gazetteer.counties()
    if county not in names:
        choices = tuple(Choice(name, name) for name in names)
        county = yield from ask(Choose("county", "您的户口（或常住）在哪个县市区？", choices))
    number = yield Do("ticket", CallPerson(county, about))
    opens = yield Do("duty", AskDuty())
    now = (
        "现在是上班时间，工作人员看到后在这里答复您，可能要等一会儿。"
        if opens is None
        else f"现在没有人值班，{moment(opens)} 上班后在这里答复您。"
    )
    yield Reply(
        f"已经转给{county}退役军人服务中心，编号 {number}。\n{now}\n"
        "急事请打 12345；有生命危险请打 110、120。您可以接着问我别的。",
        choices=(Choice("/status", "查进度"), *_MENU),
    )


def forget() -> Steps:
    """Erase what we keep of the person, after asking once."""
    sure = yield from ask(
        Choose(
            "sure",
            "会删除我们保存的聊天记录和您填过的个人信息；已办结的申请只留编号和办理经过，"
            "没办完的申请会撤回。关联的微信、网页等一起删。删了找不回来，确定吗？\n"
            "想先留一份，发“导出我的信息”。",
            (Choice("yes", "确定删除"), Choice("no", "不删")),
        )
    )
    if sure == "no":
        yield Reply("好的，没有删除。", choices=_MENU)
        return
    erased = yield Do("forgotten", ForgetMe())
    yield Reply(_erased(erased["kept"]) if not erased["waiting"] else privacy.not_now())


def _erased(kept: list[list[str]]) -> str:
    """What is gone and what had to stay."""
    numbers = "、".join(f"{number}（{day}）" for number, day in kept)
    stays = f"\n按办件留痕的要求，只留下编号和日期，没有内容：{numbers}。" if kept else ""
    return (
        f"已删除。{stays}\n备份里的旧内容随备份到期清除，一般两周左右；Telegram、微信里的聊天记录在您自己手机上，"
        "请自己删。\n以后需要帮助，随时再来。"
    )
