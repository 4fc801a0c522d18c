"""What people read about their data: what is kept, for how long, who sees it, how to get it or
have it erased. The inventory behind these words is docs/privacy.md."""

from __future__ import annotations

from typing import Any

from handlers.channelnames import listed
from handlers.messages import Choice, Link, Reply

_CHOICES = (
    Choice("/mine", "看我的信息"),
    Choice("/forget", "删除我的信息"),
    Choice("/menu", "回到菜单"),
)


def notice(terms: dict[str, Any]) -> Reply:
    """The answer to 隐私."""
    return Reply(
        "您的信息这样保管：\n"
        f"· 聊天记录：加密保存 {terms['messages_days']} 天，用来接着办您的事，到期自动删除\n"
        "· 身份证号、银行卡号、部队番号：不需要，发来的先隐去再保存\n"
        "· 您提交的申请（情况、电话、照片）：您点“同意”才提交，加密保存，"
        "只有管这件事的工作人员能看，每次查看都有记录\n"
        "· 位置：只用来找附近，加密，和聊天记录一起到期删除\n"
        "· 没答上来的问题：隐去个人信息后给编辑看，用来改进答案\n"
        "不给别的单位，不做广告。Telegram 的服务器在境外，申请里的私事建议用本站网页或到窗口办。\n"
        "您可以随时发“导出我的信息”查看，发“忘记我”删除；不同意保存就不要提交申请，问政策照样能问。",
        choices=_CHOICES,
    )


def summary(mine: dict[str, Any]) -> Reply:
    """The answer to 导出我的信息: the whole in the web chat, elsewhere how much there is and where
    the whole can be had – other people's servers carry none of it."""
    if mine["channel"] == "web":
        return Reply(
            "这一页写着我们保存的您的全部信息，只有您这台设备能打开，可以打印或另存。",
            choices=_CHOICES[1:],
            links=(Link("/chat/mine", "打开我的信息"), Link("/chat/mine.json", "下载（JSON）")),
        )
    tickets = "、".join(f"{number}（{day}，{state}）" for number, day, state in mine["tickets"])
    lines = [
        f"· 聊天记录 {mine['messages']} 条",
        f"· 申请：{tickets or '没有'}",
        f"· 您发来的文件 {mine['files']} 个",
    ]
    if mine["linked"]:
        lines.append(f"· 关联的渠道：{listed(mine['linked'])}")
    return Reply(
        "我们保存的您的信息：\n" + "\n".join(lines) + "\n"
        "全部内容不从这里发。要看全部：打开网页聊天，发“关联”把两边连起来，再在网页里发“导出我的信息”；"
        "或带身份证到退役军人服务中心窗口。",
        choices=_CHOICES[1:],
    )


def not_now() -> str:
    """Why nothing is erased while staff look for somebody in danger."""
    return (
        "您的紧急求助还在处理。为了能找到您、帮到您，现在不删；办结以后再发“忘记我”，马上删除。\n"
        "有生命危险请打 110、120；心里难受可以打 12356。"
    )
