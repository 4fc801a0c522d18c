"""What we say to voice, pictures and all else we cannot read: how to tell us in another way."""

from __future__ import annotations

from handlers.messages import Choice, Reply

_INSTEAD = {
    "语音": "收到了语音，我还听不懂。请打字告诉我。\n"
    "打字不方便，点键盘上的话筒，对着手机说，话会变成字，再点发送。",
    "图片": "收到了图片，我还看不懂。要问事请打字。\n办事的材料，请带到退役军人服务站、服务中心的窗口。",
    "没有传完的图片": "没有传完的图片，我没有收到。请再发一次，或者打字告诉我。",
}
"""By what came, where there is more to say than that we cannot read it."""


def unreadable(what: str) -> Reply:
    """The answer to something of this name (``语音``, ``贴纸``)."""
    words = _INSTEAD.get(what, f"收到了{what}，我还看不懂。请打字告诉我，或者点下面的按钮。")
    return Reply(words, choices=(Choice("/human", "找工作人员"), Choice("/menu", "回到菜单")))
