"""Payloads as Telegram sends them, and the updates they become."""

from __future__ import annotations

from typing import Any

import pytest
import telegram

from bot.channels.telegram_read import chat_of, read, read_blocking
from bot.channels.telegram_read import parsed as taken
from handlers.messages import Contact, Point, Update
from tests.channels.telegram_official import Official

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*attribute `message_auto_delete_time` will be:telegram.warnings.PTBDeprecationWarning"
)
Json = dict[str, Any]
GROUP = -100_200
WANG: Json = {"id": 7, "is_bot": False, "first_name": "王"}
BOT: Json = {"id": 123456, "is_bot": True, "first_name": "优军"}
PRIVATE: Json = {"id": 7, "type": "private", "first_name": "王"}
SUPERGROUP: Json = {"id": GROUP, "type": "supergroup", "title": "工作群"}
FILE: Json = {"file_id": "f", "file_unique_id": "u"}
CONTACT = Contact("telegram", "7")
KEYBOARD: Json = {
    "inline_keyboard": [
        [{"text": "打开地图", "url": "https://uri.amap.com/"}],
        [{"text": "接单", "callback_data": "/claim T000012"}],
    ]
}


def message(chat: Json = PRIVATE, **content: Any) -> Json:
    shown = {"message_id": 1, "date": 1_795_000_000, "chat": chat, "from": WANG, **content}
    return {"update_id": 5, "message": shown}


def edited(chat: Json = PRIVATE, *, after: int = 9, **content: Any) -> Json:
    shown = message(chat, **content)["message"]
    return {"update_id": 5, "edited_message": {**shown, "edit_date": shown["date"] + after}}


def button(data: str, shown: Json | None) -> Json:
    query = {"id": "q", "from": WANG, "chat_instance": "1", "data": data}
    return {"update_id": 5, "callback_query": query | ({"message": shown} if shown else {})}


def shown(chat: Json, **content: Any) -> Json:
    return {"message_id": 3, "date": 1_795_000_000, "chat": chat, "from": BOT, **content}


def member(before: str, after: str, chat: Json = PRIVATE) -> Json:
    def state(status: str) -> Json:
        return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})

    change = {
        "chat": chat,
        "from": WANG,
        "date": 1_795_000_000,
        "old_chat_member": state(before),
        "new_chat_member": state(after),
    }
    return {"update_id": 5, "my_chat_member": change}


def parsed(raw: Json, official: Official) -> telegram.Update:
    """The payload, once aiogram agrees that Telegram could have sent it."""
    assert official.objections_to_update(raw) == []
    return telegram.Update.de_json(raw)


def unsupported(word: str, text: str = "") -> Update:
    return Update("5", CONTACT, text, unsupported=word)


PLACE = {"latitude": 31.98, "longitude": 120.89}
PHOTO = [{**FILE, "width": 90, "height": 90}, {**FILE, "width": 800, "height": 800}]
VIDEO = {**FILE, "width": 90, "height": 90, "duration": 3}
NOTE = {**FILE, "length": 90, "duration": 3}
STICKER = {
    **FILE,
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
}
ENTITY = [{"type": "bot_command", "offset": 0, "length": 6}]


@pytest.mark.parametrize(
    ("raw", "update"),
    [
        (message(text=" 优待证丢了 "), Update("5", CONTACT, "优待证丢了")),
        (message(text="/start", entities=ENTITY), Update("5", CONTACT, "/start")),
        (message(text="/start article-rural"), Update("5", CONTACT, "/start article-rural")),
        (message(text="/start@a_bot article-x"), Update("5", CONTACT, "/start article-x")),
        (message(text="写信给a@b"), Update("5", CONTACT, "写信给a@b")),
        (edited(text=" 改过 "), Update("5", CONTACT, "改过", edited_after=9.0)),
        (
            message(
                text="转发的话", forward_origin={"type": "user", "sender_user": BOT, "date": 9}
            ),
            Update("5", CONTACT, "转发的话"),
        ),
        (message(location=PLACE), Update("5", CONTACT, point=Point(31.98, 120.89, doubtful=True))),
        (
            message(location={**PLACE, "live_period": 900, "horizontal_accuracy": 20.5}),
            Update("5", CONTACT, point=Point(31.98, 120.89)),
        ),
        (
            message(venue={"location": PLACE, "title": "站", "address": "路"}, location=PLACE),
            Update("5", CONTACT, point=Point(31.98, 120.89, doubtful=True)),
        ),
        (
            message(
                contact={"phone_number": "+86 139-0000-0000", "first_name": "王", "user_id": 7}
            ),
            Update("5", CONTACT, phone="8613900000000"),
        ),
        (
            message(contact={"phone_number": "13900000000", "first_name": "王"}),
            Update("5", CONTACT, phone="13900000000"),
        ),
        (
            message(contact={"phone_number": "13900000000", "first_name": "李", "user_id": 8}),
            unsupported("别人的名片"),
        ),
        (message(photo=PHOTO), unsupported("图片")),
        (message(photo=PHOTO, caption="活不下去了"), unsupported("图片", "活不下去了")),
        (message(voice={**FILE, "duration": 3}), unsupported("语音")),
        (message(audio={**FILE, "duration": 3}), unsupported("音频")),
        (message(video=VIDEO), unsupported("视频")),
        (message(video_note=NOTE), unsupported("视频")),
        (message(sticker=STICKER), unsupported("贴纸")),
        (message(document=FILE), unsupported("文件")),
        (message(animation=VIDEO, document=FILE), unsupported("动图")),
        (message(dice={"emoji": "🎲", "value": 3}), unsupported("表情")),
        (message(story={"id": 1, "chat": SUPERGROUP}), unsupported("这类消息")),
        (
            button("/claim T000012", shown(PRIVATE, text="新工单", reply_markup=KEYBOARD)),
            Update("5", CONTACT, "/claim T000012", label="接单"),
        ),
        (button("/menu", shown(PRIVATE, text="您好")), Update("5", CONTACT, "/menu")),
        (
            button("/menu", {"message_id": 3, "date": 0, "chat": PRIVATE}),
            Update("5", CONTACT, "/menu"),
        ),
    ],
)
def test_what_a_person_does_becomes_an_update(
    raw: Json, update: Update, official: Official
) -> None:
    assert read(parsed(raw, official)) == update


@pytest.mark.parametrize(
    "raw",
    [
        message(SUPERGROUP, text="大家好"),
        message(SUPERGROUP, text="/start"),
        message(SUPERGROUP, location=PLACE),
        message({"id": -5, "type": "group", "title": "群"}, text="@bot 你好"),
        message(pinned_message=shown(PRIVATE, text="您好")),
        message(message_auto_delete_timer_changed={"message_auto_delete_time": 60}),
        edited(location=PLACE),
        edited(photo=PHOTO, caption="改过"),
        edited(SUPERGROUP, text="改过"),
        {"update_id": 5, "channel_post": shown({"id": -9, "type": "channel", "title": "频道"})},
        button("/menu", shown(SUPERGROUP, text="新工单")),
        button("/claim T1", shown({"id": -5, "type": "group", "title": "别的群"}, text="新工单")),
        button("/menu", None),
        member("member", "kicked"),
    ],
)
def test_everything_else_is_passed_over(raw: Json, official: Official) -> None:
    assert read(parsed(raw, official)) is None


@pytest.mark.parametrize(
    ("raw", "change"),
    [
        (member("member", "kicked"), (CONTACT, True)),
        (member("kicked", "member"), (CONTACT, False)),
        (member("left", "member", SUPERGROUP), None),
        (message(text="您好"), None),
    ],
)
def test_blocking_is_noticed_in_private_chats(
    raw: Json, change: tuple[Contact, bool] | None, official: Official
) -> None:
    assert read_blocking(parsed(raw, official)) == change


def test_a_button_belongs_to_the_line_of_its_chat(official: Official) -> None:
    pressed = parsed(button("/menu", shown(PRIVATE, text="您好")), official)
    written = parsed(message(text="您好"), official)
    assert chat_of(pressed) == chat_of(written) == 7


@pytest.mark.parametrize("text", ["优待证怎么办", " /start@youjun_test_bot article-x ", "/menu"])
def test_words_in_a_private_chat_are_read_without_detours_and_come_out_the_same(text: str) -> None:
    raw = message(text=text)
    found = taken(raw)
    assert found == read(telegram.Update.de_json(raw))
    assert chat_of(found) == chat_of(telegram.Update.de_json(raw)) == 7


@pytest.mark.parametrize(
    "raw",
    [
        message(SUPERGROUP, text="你好"),
        message(location=PLACE),
        message(caption="这是什么", photo=PHOTO),
        message(text=""),
        edited(text="你好"),
        button("/menu", shown(PRIVATE, text="菜单")),
        message(text="你好") | {"callback_query": None},
    ],
)
def test_everything_else_is_left_to_the_library(raw: Json) -> None:
    assert isinstance(taken(raw), telegram.Update)


@pytest.mark.parametrize("lacking", ["message_id", "date"])
def test_what_is_no_message_is_refused_as_the_library_refuses_it(lacking: str) -> None:
    raw = message(text="你好")
    del raw["message"][lacking]
    with pytest.raises((KeyError, TypeError)):
        taken(raw)
