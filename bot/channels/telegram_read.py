"""What a person did on Telegram, as an update."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import telegram

from handlers.messages import Contact, Point, Update

NAME = "telegram"
_ADDRESSED = re.compile(r"^(/\w+)@\w+")
_UNSUPPORTED = {
    "animation": "动图",
    "photo": "图片",
    "voice": "语音",
    "audio": "音频",
    "video": "视频",
    "video_note": "视频",
    "sticker": "贴纸",
    "document": "文件",
    "poll": "投票",
    "dice": "表情",
}
"""Fields of a message, the telling ones first: an animation is also a document."""


Parsed: TypeAlias = Update | telegram.Update


def parsed(raw: dict[str, Any]) -> Parsed:
    """An update as it came: words in a private chat, which nearly all are, for the service;
    everything else as python-telegram-bot's objects, for :func:`read` and its kin. Raises what they
    raise for what is no update."""
    match raw:
        case {
            "update_id": int(id),
            "message": {
                "message_id": int(),
                "date": int(),
                "chat": {"id": int(chat), "type": telegram.Chat.PRIVATE},
                "text": str(text),
            },
        } if len(raw) == 2 and text:
            return Update(str(id), Contact(NAME, str(chat)), _without_address(text))
    return telegram.Update.de_json(raw)


def read(raw: telegram.Update) -> Update | None:
    """The update for the service; None for everything it should not hear of.

    Groups are staff's: see ``telegram_staff_read``. Of edited messages only new words count; a
    live location edits itself all the time.
    """
    if raw.callback_query is not None:
        return _button(str(raw.update_id), raw.callback_query)
    if raw.edited_message is not None:
        return _edited(str(raw.update_id), raw.edited_message)
    if raw.message is None or raw.message.chat.type != telegram.Chat.PRIVATE:
        return None
    return _message(str(raw.update_id), raw.message)


def read_blocking(raw: telegram.Update) -> tuple[Contact, bool] | None:
    """Who blocked (True) or unblocked us, if that is what happened."""
    change = raw.my_chat_member
    if change is None or change.chat.type != telegram.Chat.PRIVATE:
        return None
    blocked = change.new_chat_member.status == telegram.ChatMember.BANNED
    return Contact(NAME, str(change.chat.id)), blocked


def chat_of(raw: Parsed) -> int:
    """Updates with the same number must be answered in order."""
    if isinstance(raw, Update):
        return int(raw.contact.address)
    chat, user = raw.effective_chat, raw.effective_user
    return chat.id if chat else user.id if user else 0


def _button(id: str, query: telegram.CallbackQuery) -> Update | None:
    data, shown = query.data, query.message
    if not data or shown is None or shown.chat.type != telegram.Chat.PRIVATE:
        return None
    return Update(id, Contact(NAME, str(shown.chat.id)), data, label=_label(shown, data))


def _label(shown: telegram.MaybeInaccessibleMessage, data: str) -> str | None:
    """The button as the person saw it; None once Telegram has forgotten the message."""
    if not isinstance(shown, telegram.Message) or shown.reply_markup is None:
        return None
    buttons = (button for row in shown.reply_markup.inline_keyboard for button in row)
    return next((button.text for button in buttons if button.callback_data == data), None)


def _message(id: str, message: telegram.Message) -> Update | None:
    contact = Contact(NAME, str(message.chat.id))
    if message.text:
        return Update(id, contact, _without_address(message.text))
    if place := message.location or (message.venue and message.venue.location):
        # "As defined by sender": a pin dragged on a Chinese road map is GCJ-02, and nobody says so.
        dragged = place.horizontal_accuracy is None and place.live_period is None
        point = Point(place.latitude, place.longitude, doubtful=dragged)
        return Update(id, contact, point=point)
    if message.contact:
        return _card(id, contact, message)
    if word := _unsupported(message):
        return Update(id, contact, message.caption or "", unsupported=word)
    return None  # a service message: somebody pinned something, a timer changed


def _edited(id: str, message: telegram.Message) -> Update | None:
    if not message.text or message.edit_date is None or message.chat.type != telegram.Chat.PRIVATE:
        return None
    contact = Contact(NAME, str(message.chat.id))
    after = max((message.edit_date - message.date).total_seconds(), 0.0)
    return Update(id, contact, _without_address(message.text), edited_after=after)


def _without_address(text: str) -> str:
    """``/start@our_bot article-x`` is ``/start article-x``."""
    return _ADDRESSED.sub(r"\1", text.strip())


def _card(id: str, contact: Contact, message: telegram.Message) -> Update:
    """Telegram vouches for a number only if it is the sender's own."""
    card, sender = message.contact, message.from_user
    if card is None or (card.user_id and sender and card.user_id != sender.id):
        return Update(id, contact, unsupported="别人的名片")
    return Update(id, contact, phone=re.sub(r"\D", "", card.phone_number))


def _unsupported(message: telegram.Message) -> str | None:
    for field, word in _UNSUPPORTED.items():
        if getattr(message, field):
            return word
    return "这类消息" if message.effective_attachment else None
