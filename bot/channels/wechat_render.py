"""Replies as WeChat texts: choices are numbered, since a message there carries no buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.channels import numbering
from bot.channels.splitting import split, utf8_bytes
from handlers.messages import Reply, Share

TEXT_BYTES = 2048
"""Of one text message: https://developers.weixin.qq.com/doc/offiaccount/Message_Management."""
MORE = "继续"
MORE_HINT = f"\n\n（还有下文，发“{MORE}”接着看）"
_SHARE: Mapping[Share, str] = {
    "location": "点左下角键盘图标换成输入框，再点右边的“＋”选“位置”，就能把位置发给我；也可以直接打镇名。",
    "phone": "请直接打手机号。",
}


def text_of(reply: Reply, *, first: int = 1) -> str:
    """A reply as text; its choices are numbered from ``first``."""
    return numbering.text_of(reply, first=first, share=_SHARE)


def messages(reply: Reply) -> list[str]:
    """A reply as texts that WeChat takes one by one."""
    return split(text_of(reply), TEXT_BYTES, utf8_bytes)


def join(replies: Sequence[Reply]) -> str:
    """One text of several replies; the numbers count through all their choices."""
    texts: list[str] = []
    first = 1
    for reply in replies:
        texts.append(text_of(reply, first=first))
        first += len(reply.choices)
    return "\n\n".join(texts)


def fit(replies: Sequence[Reply]) -> tuple[list[Reply], list[Reply]]:
    """The replies one text can hold, and those that must wait; a reply too long for a text of
    its own is cut."""
    room = TEXT_BYTES - utf8_bytes(MORE_HINT)
    for count in range(len(replies), 0, -1):
        if utf8_bytes(join(replies[:count])) <= room:
            return list(replies[:count]), list(replies[count:])
    if not replies:
        return [], []
    first, second = _halves(replies[0], room)
    return [first], [second, *replies[1:]]


def _halves(reply: Reply, room: int) -> tuple[Reply, Reply]:
    """What fits, and the rest with the choices and links."""
    bare = replace(reply, choices=(), links=(), share=None)
    author = utf8_bytes(text_of(replace(bare, text="")))
    first, *others = split(reply.text, room - author, utf8_bytes)
    rest = reply.text.strip()[len(first) :].strip() if others else "请选择："
    return replace(bare, text=first), replace(reply, text=rest)
