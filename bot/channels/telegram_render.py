"""A reply as Telegram messages: split, with buttons, as plain text that nothing can break."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bot.channels import splitting
from handlers.messages import Choice, Link, Reply, Share, Venue

LONGEST = 4096
"""UTF-16 units of one message."""
DATA_BYTES = 64
"""Of a button's value: https://core.telegram.org/bots/api#inlinekeyboardbutton."""
_SHORT = 14
"""Columns of a label that leaves room for a second button beside it on a phone."""

Markup: TypeAlias = dict[str, Any]
"""A keyboard as the Bot API has it: python-telegram-bot's objects for it cost a tenth of a reply."""
REMOVE: Markup = {"remove_keyboard": True}
_Button: TypeAlias = dict[str, str]


@dataclass(frozen=True)
class Outgoing:
    """One message as it goes to Telegram; with a ``venue`` it is that, and ``text`` its name."""

    text: str
    markup: Markup | None = None
    thread: int | None = None
    """The topic of a group it goes to."""
    venue: Venue | None = None


def render(reply: Reply, *, keyboard_open: bool = False) -> list[Outgoing]:
    """The messages of a reply, in order; the last one carries the buttons.

    ``keyboard_open`` says that a share button may still be on the person's screen; it is taken
    away where a message has room for that. Raises ValueError for an empty reply and for a
    choice whose value Telegram would not carry.
    """
    texts = split(_text(reply))
    if not texts:
        raise ValueError("a reply without text")
    messages = [Outgoing(text) for text in texts]
    if reply.venue:
        messages.insert(0, Outgoing(reply.venue.title, venue=reply.venue))
    inline = _inline(reply)
    if inline:
        messages[-1] = replace(messages[-1], markup=inline)
    if reply.share:
        return _with_share(messages, reply.share)
    if keyboard_open and messages[0].markup is None:
        messages[0] = replace(messages[0], markup=REMOVE)
    return messages


def split(text: str, limit: int = LONGEST) -> list[str]:
    """Cut a text at paragraphs, lines or sentences into parts of ``limit`` UTF-16 units."""
    return splitting.split(text, limit, splitting.utf16_units)


def _text(reply: Reply) -> str:
    """The text, whom it is from if a person wrote it, and addresses no button can hold."""
    author = [f"【工作人员 {reply.author}】"] if reply.author else []
    addresses = [f"{link.label}：{link.url}" for link in reply.links if not _opens(link)]
    return "\n".join([*author, reply.text, *addresses])


def _with_share(messages: list[Outgoing], share: Share) -> list[Outgoing]:
    """A message carries one keyboard only: if the last has buttons, a short one follows."""
    keyboard = _share_keyboard(share)
    if messages[-1].markup is None:
        return [*messages[:-1], replace(messages[-1], markup=keyboard)]
    return [*messages, Outgoing("也可以点下面的按钮。", keyboard)]


def _share_keyboard(share: Share) -> Markup:
    button = (
        {"text": "发送我的位置", "request_location": True}
        if share == "location"
        else {"text": "使用我的手机号", "request_contact": True}
    )
    return {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}


def _inline(reply: Reply) -> Markup | None:
    links = [{"text": one.label, "url": one.url} for one in reply.links if _is_web(one)]
    choices = [{"text": one.label, "callback_data": _data(one)} for one in reply.choices]
    rows = [*([button] for button in links), *_rows(choices)]
    return {"inline_keyboard": rows} if rows else None


def _data(choice: Choice) -> str:
    if not 1 <= len(choice.value.encode()) <= DATA_BYTES:
        raise ValueError(f"the value of a choice has 1 to {DATA_BYTES} bytes: {choice.value!r}")
    return choice.value


def _rows(buttons: Sequence[_Button]) -> list[list[_Button]]:
    """Short labels two by two, a long one on a line of its own."""
    rows: list[list[_Button]] = []
    for button in buttons:
        pair = rows[-1] if rows else []
        if len(pair) == 1 and all(_columns(one["text"]) <= _SHORT for one in (*pair, button)):
            pair.append(button)
        else:
            rows.append([button])
    return rows


def _opens(link: Link) -> bool:
    """Whether the link needs no line: it is a button, a number that stands in the text, or a page
    of the web chat."""
    return _is_web(link) or link.url.startswith(("tel:", "/"))


def _is_web(link: Link) -> bool:
    return link.url.startswith(("https://", "http://"))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
