"""Groups that are not staff's: silent until spoken to, and then for everybody to read."""

from __future__ import annotations

import pytest
import telegram
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.channels.telegram_public import for_group, read_public
from bot.db import outbox
from bot.db.learning import Gap
from bot.db.tables import Conversation, Ticket
from bot.service import Service
from handlers.messages import Choice, Contact, Link, Reply, Update
from knowledge.base import Knowledge
from tests.channels.conftest import Connect, Desk, Running
from tests.channels.telegram_emulator import Emulator
from tests.channels.telegram_official import Official

BOT = {"id": 123456, "is_bot": True, "first_name": "优军", "username": "youjun_test_bot"}
WANG = {"id": 7, "is_bot": False, "first_name": "王"}
SQUARE = {"id": -100_300, "type": "supergroup", "title": "老战友"}
GROUP = Contact("telegram", "-100300")


def shown(sender: dict[str, object], **content: object) -> dict[str, object]:
    return {"message_id": 1, "date": 1_795_000_000, "chat": SQUARE, "from": sender, **content}


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ({"text": "@youjun_test_bot 优待证丢了"}, "优待证丢了"),
        ({"text": "优待证丢了 @YouJun_Test_Bot 怎么办"}, "优待证丢了 怎么办"),
        ({"text": "/help@youjun_test_bot"}, "/help"),
        ({"text": "那要带什么", "reply_to_message": shown(BOT, text="答复")}, "那要带什么"),
        ({"text": "大家好"}, None),
        ({"text": "/start"}, None),
        ({"text": "@youjun_test_bot2 你好"}, None),
        ({"text": "@youjun_test_bot"}, None),
        ({"text": "好的", "reply_to_message": shown(WANG, text="晚上聚")}, None),
        ({"text": "好的", "reply_to_message": shown(BOT, new_chat_title="新名字")}, None),
        ({"text": "@youjun_test_bot 广告", "sender_chat": SQUARE}, None),
        ({"location": {"latitude": 32.0, "longitude": 120.8}}, None),
    ],
)
def test_only_what_is_said_to_us_is_heard(
    content: dict[str, object], asked: str | None, official: Official
) -> None:
    raw = {"update_id": 5, "message": shown(WANG, **content)}
    assert official.objections_to_update(raw) == []
    update = read_public(telegram.Update.de_json(raw), 123456, "youjun_test_bot")
    assert update == (Update("5", GROUP, asked, public=True) if asked else None)


def test_in_a_chat_of_two_nothing_is_public() -> None:
    private = {**shown(WANG, text="@youjun_test_bot 你好"), "chat": {"id": 7, "type": "private"}}
    raw = telegram.Update.de_json({"update_id": 5, "message": private})
    assert read_public(raw, 123456, "youjun_test_bot") is None


def test_choices_lead_into_a_chat_of_two_or_nowhere() -> None:
    choices = (
        Choice("/start article-a", "接着问"),
        Choice("/useful a", "有用"),
        Choice("/start", "私聊"),
    )
    reply = for_group(Reply("答复", choices, share="location"), "a_bot")
    assert reply == Reply(
        "答复",
        links=(
            Link("https://t.me/a_bot?start=article-a", "接着问"),
            Link("https://t.me/a_bot", "私聊"),
        ),
    )


async def test_a_group_hears_an_answer_and_staffs_group_does_not(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram_emulator.group(-5)
    telegram_emulator.group(-6)

    async def staff_groups() -> list[int]:
        return [-6]

    telegram = connect(staff_groups=staff_groups)
    wang = telegram_emulator.person(7)
    async with running(telegram, desk):
        for chat in (-6, -5):
            wang.says("@youjun_test_bot 优待证丢了", chat=chat)
            wang.says("大家好", chat=chat)
        wang.says("您好")
        await desk.hears(2)
        await telegram.send("-5", Reply("答复", (Choice("/start article-a", "接着问"),)))
    assert [(str(one.contact), one.text) for one in desk.received] == [
        ("telegram:-5", "优待证丢了"),
        ("telegram:7", "您好"),
    ]
    [button] = telegram_emulator.sent_to(-5)[0]["reply_markup"]["inline_keyboard"][0]
    assert button["url"] == "https://t.me/youjun_test_bot?start=article-a"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("残疾军人坐火车半价吗", "减收50%"),
        ("我身份证320623195001010011，查我的进度", "我看不到您的个人档案"),
        ("/status", "请私聊我"),
        ("帮我登记困难帮扶", "请私聊我"),
        ("今天天气怎么样", "请私聊我"),
        ("我不想活了", "12356"),
    ],
)
def test_a_group_gets_policy_and_nothing_personal(
    said: str, words: str, sqlite: Engine, knowledge: Knowledge
) -> None:
    service = Service(sqlite, knowledge)
    service.receive(Update("1", GROUP, said, public=True))
    with Session(sqlite) as session:
        [reply] = outbox.take(session, GROUP)
        assert session.exec(select(Ticket)).all() == []
        assert session.exec(select(Gap)).all() == []
        conversation = session.exec(select(Conversation)).one()
        assert (conversation.flow, conversation.held) == (None, None)
    assert words in reply.text
    assert "320623" not in reply.text
    assert {choice.value.partition(" ")[0] for choice in reply.choices} == {"/start"}
