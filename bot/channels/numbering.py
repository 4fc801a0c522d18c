"""Choices where there are no buttons: numbered in the text, and the number typed back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from handlers.messages import Choice, Reply, Share, Update

_HINT = "回复数字即可选择。"
_SHARE: Mapping[Share, str] = {"location": "请直接打镇名或路名。", "phone": "请直接打手机号。"}


def text_of(reply: Reply, *, first: int = 1, share: Mapping[Share, str] = _SHARE) -> str:
    """A reply as text; its choices are numbered from ``first``, and ``share`` says in words what
    other channels have a button for. Phones to tap and pages of ours are for the web chat alone."""
    author = [f"【工作人员 {reply.author}】"] if reply.author else []
    links = [f"{link.label}：{link.url}" for link in reply.links if link.url.startswith("https://")]
    choices = [f"{at}. {choice.label}" for at, choice in enumerate(reply.choices, start=first)]
    asked = [share[reply.share]] if reply.share else []
    tail = ["", *choices, _HINT] if choices else []
    return "\n".join([*author, reply.text, *links, *asked, *tail])


def chosen(update: Update, offered: Sequence[Choice]) -> Update:
    """The update with a number turned into the choice it stands for; any other as it is."""
    if not update.text.isdecimal() or len(update.text) > 2:
        return update
    if not 0 < (number := int(update.text)) <= len(offered):
        return update
    choice = offered[number - 1]
    return replace(update, text=choice.value, label=choice.label)
