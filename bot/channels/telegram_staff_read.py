"""What was done in a group on Telegram, for the desk."""

from __future__ import annotations

import re

import telegram

from bot.channels.staffroom import GroupMessage

_GROUPS = (telegram.Chat.GROUP, telegram.Chat.SUPERGROUP)
_ADDRESSED = re.compile(r"^(/\w+)@(\w+)")


def read_group(raw: telegram.Update, bot: telegram.Bot) -> GroupMessage | None:
    """What somebody said or pressed in a group; None for everything else, also for what other
    bots say and for commands to them. An edited message is ignored."""
    if raw.callback_query is not None:
        return _button(str(raw.update_id), raw.callback_query)
    message = raw.message
    if message is None or message.chat.type not in _GROUPS:
        return None
    if message.migrate_to_chat_id:
        return GroupMessage(
            str(raw.update_id), message.chat.id, moved_to=message.migrate_to_chat_id
        )
    return _message(str(raw.update_id), message, bot)


def _button(id: str, query: telegram.CallbackQuery) -> GroupMessage | None:
    shown = query.message
    if not query.data or shown is None or shown.chat.type not in _GROUPS:
        return None
    thread = _thread(shown) if isinstance(shown, telegram.Message) else None
    return GroupMessage(
        id, shown.chat.id, query.from_user.id, query.data, thread=thread, pressed=True
    )


def _message(id: str, message: telegram.Message, bot: telegram.Bot) -> GroupMessage | None:
    text = message.text or message.caption or ""
    readable = message.text is not None
    if not readable and not message.effective_attachment:
        return None  # somebody joined, a title changed
    if message.from_user and message.from_user.is_bot and message.sender_chat is None:
        return None
    if (to := _ADDRESSED.match(text)) and to[2].casefold() != _username(bot):
        return None
    hidden = message.sender_chat is not None
    return GroupMessage(
        id,
        message.chat.id,
        message.from_user.id if message.from_user and not hidden else None,
        _ADDRESSED.sub(r"\1", text),
        thread=_thread(message),
        answers=_ours(message.reply_to_message, bot),
        readable=readable,
    )


def _thread(message: telegram.Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


def _ours(answered: telegram.Message | None, bot: telegram.Bot) -> str | None:
    """The text of our message that was answered. What is said in a topic counts, for Telegram, as
    an answer to the note that the topic was made, which has no text."""
    if answered is None or answered.from_user is None:
        return None
    return answered.text if str(answered.from_user.id) == bot.token.partition(":")[0] else None


def _username(bot: telegram.Bot) -> str:
    try:
        return bot.username.casefold()
    except RuntimeError:  # Telegram has not told us yet who we are
        return ""
