"""Groups that are not staff's: we speak when somebody speaks to us, and everybody may read it.

https://core.telegram.org/bots/features#privacy-mode
"""

from __future__ import annotations

import re
from dataclasses import replace

import telegram

from bot.channels.telegram_read import NAME
from handlers.messages import Contact, Link, Reply, Update

_GROUPS = (telegram.Chat.GROUP, telegram.Chat.SUPERGROUP)
_START = "/start"
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What Telegram carries behind ``?start=``."""


def read_public(raw: telegram.Update, bot_id: int, username: str | None) -> Update | None:
    """A question put to us in a group: we are mentioned, or it answers what we said."""
    message = raw.message
    if message is None or message.chat.type not in _GROUPS or not message.text:
        return None
    if message.from_user is None or message.from_user.is_bot or message.sender_chat is not None:
        return None
    text, named = _without_name(message.text, username)
    if not text or not (named or _is_ours(message.reply_to_message, bot_id)):
        return None
    return Update(str(raw.update_id), Contact(NAME, str(message.chat.id)), text, public=True)


def for_group(reply: Reply, username: str | None) -> Reply:
    """A reply as a group gets it: its choices lead into a chat of two, or nowhere."""
    links = [
        Link(url, choice.label)
        for choice in reply.choices
        if (url := _private(choice.value, username))
    ]
    return replace(reply, choices=(), share=None, links=(*reply.links, *links))


def _is_ours(answered: telegram.Message | None, bot_id: int) -> bool:
    """In a topic everything answers the note that the topic was made, which has no text."""
    if answered is None or answered.from_user is None or not answered.text:
        return False
    return answered.from_user.id == bot_id


def _without_name(text: str, username: str | None) -> tuple[str, bool]:
    if username is None:
        return text.strip(), False
    found = re.subn(rf"@{re.escape(username)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return " ".join(found[0].split()), bool(found[1])


def _private(value: str, username: str | None) -> str | None:
    """The address that opens a chat with us as if the button had been pressed there."""
    command, _, payload = value.partition(" ")
    if username is None or command != _START or (payload and not _PAYLOAD.fullmatch(payload)):
        return None
    return f"https://t.me/{username}" + (f"?start={payload}" if payload else "")
