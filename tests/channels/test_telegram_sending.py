"""Replies on their way to Telegram, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telegram.error import InvalidToken, NetworkError

from bot.channels.base import Channel, SlowDown, Uncertain, Undeliverable
from bot.channels.telegram_errors import in_words
from bot.channels.telegram_request import AiohttpRequest
from handlers.messages import Choice, Link, Reply, Venue
from tests.channels.conftest import Clock, Connect
from tests.channels.telegram_emulator import Emulator


async def test_a_reply_arrives_with_its_buttons(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram: Channel = connect()
    telegram_emulator.person(7)
    await telegram.send(
        "7",
        Reply(
            "<b>不是</b> *格式* [x](y) & 优待证",
            choices=(Choice("/useful a", "有用"), Choice("/useless a", "没用")),
            links=(Link("https://uri.amap.com/marker?position=120.9,32", "地图"),),
        ),
    )
    [message] = telegram_emulator.sent_to(7)
    assert message["text"] == "<b>不是</b> *格式* [x](y) & 优待证"
    assert message["reply_markup"]["inline_keyboard"] == [
        [{"text": "地图", "url": "https://uri.amap.com/marker?position=120.9,32"}],
        [
            {"text": "有用", "callback_data": "/useful a"},
            {"text": "没用", "callback_data": "/useless a"},
        ],
    ]


async def test_the_share_button_goes_away_with_the_next_plain_message(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect()
    telegram_emulator.person(7)
    for reply in (Reply("您在哪儿？", share="location"), Reply("收到了"), Reply("还有")):
        await telegram.send("7", reply)
    shown, gone, plain = (
        one.get("reply_markup", {}) for one in telegram_emulator.called("sendMessage")
    )
    assert shown["keyboard"] == [[{"text": "发送我的位置", "request_location": True}]]
    assert gone == {"remove_keyboard": True}
    assert plain == {}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 429, "retry_after": 7}, SlowDown),
        ({"status": 403}, Undeliverable),
        ({"status": 403, "description": "Forbidden: user is deactivated"}, Undeliverable),
        ({"status": 400, "description": "Bad Request: chat not found"}, Undeliverable),
        ({"status": 401}, InvalidToken),
        ({"status": 500}, NetworkError),
        ({"kind": "html"}, NetworkError),
        ({"kind": "reset"}, NetworkError),
        ({"kind": "hang"}, Uncertain),
        ({"kind": "lost answer"}, Uncertain),
        ({"kind": "broken json"}, Uncertain),
    ],
    ids=str,
)
async def test_the_courier_learns_what_a_failure_means(
    fault: dict[str, Any],
    expected: type[Exception],
    telegram_emulator: Emulator,
    connect: Connect,
) -> None:
    telegram = connect(request=AiohttpRequest(4, read=0.3))
    telegram_emulator.person(7)
    telegram_emulator.breaks("sendMessage", **fault)
    with pytest.raises(expected):
        await telegram.send("7", Reply("您好"))
    await telegram.send("7", Reply("再来"))
    assert telegram_emulator.sent_to(7)[-1]["text"] == "再来"


async def test_telegram_says_how_long_to_wait(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram_emulator.person(7)
    telegram_emulator.breaks("sendMessage", status=429, retry_after=7)
    with pytest.raises(SlowDown) as pause:
        await connect().send("7", Reply("您好"))
    assert pause.value.seconds == 7


async def test_what_goes_to_a_group_that_moved_follows_it(
    telegram_emulator: Emulator, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    telegram = connect()
    telegram_emulator.group(-1005)
    telegram_emulator.refuse(-5, 400, "Bad Request: group upgraded", migrate_to_chat_id=-1005)
    for text in ("新工单", "又一件"):
        await telegram.send("-5", Reply(text))
    assert [one["text"] for one in telegram_emulator.sent_to(-1005)] == ["新工单", "又一件"]
    assert len(telegram_emulator.called("sendMessage")) == 3
    assert "-1005" in caplog.text


async def test_nobody_there_passes_and_is_not_uncertain(connect: Connect) -> None:
    telegram = connect(base_url="http://127.0.0.1:1/bot")
    with pytest.raises(NetworkError) as problem:
        await telegram.send("7", Reply("您好"))
    assert not isinstance(problem.value, Uncertain)


async def test_a_crowded_pool_is_not_uncertain_for_nothing_was_sent(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect(request=AiohttpRequest(1, pool=0.1, read=1))
    telegram_emulator.person(7)
    telegram_emulator.person(8)
    telegram_emulator.breaks("sendMessage", "hang")
    first = asyncio.create_task(telegram.send("7", Reply("您好")))
    await telegram_emulator.until(lambda: True)
    await asyncio.sleep(0.05)
    with pytest.raises(NetworkError):
        await telegram.send("8", Reply("您好"))
    with pytest.raises(Uncertain):
        await first


async def test_our_own_pace_asks_to_wait_for_one_chat_and_never_for_others(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect()
    telegram_emulator.person(7)
    telegram_emulator.person(8)
    for number in range(3):
        await telegram.send("7", Reply(f"第{number}条"))
    with pytest.raises(SlowDown) as pause:
        await telegram.send("7", Reply("第4条"))
    assert 0 < pause.value.seconds <= 1
    await telegram.send("8", Reply("您好"))  # raises if it, too, had to wait
    assert len(telegram_emulator.called("sendMessage")) == 4


async def test_a_long_reply_goes_on_where_it_stopped(
    telegram_emulator: Emulator, connect: Connect, clock: Clock
) -> None:
    telegram = connect(clock=clock)
    telegram_emulator.person(7)
    reply = Reply("一句话。" * 3000, choices=(Choice("/menu", "菜单"),))
    for _ in range(2):
        telegram_emulator.breaks("sendMessage", skip=1)
        with pytest.raises(NetworkError):
            await telegram.send("7", reply)
        clock.now += 10
    await telegram.send("7", reply)
    assert "".join(one["text"] for one in telegram_emulator.sent_to(7)) == reply.text


async def test_a_long_reply_much_later_starts_anew(
    telegram_emulator: Emulator, connect: Connect, clock: Clock
) -> None:
    telegram = connect(clock=clock)
    telegram_emulator.person(7)
    telegram_emulator.strict = False
    reply = Reply("一句话。" * 2000)
    telegram_emulator.breaks("sendMessage", skip=1)
    with pytest.raises(NetworkError):
        await telegram.send("7", reply)
    clock.now += 3600
    await telegram.send("7", reply)
    assert len(telegram_emulator.sent_to(7)) == 3


def test_the_token_is_not_told() -> None:
    problem = NetworkError("aiohttp.InvalidURL: https://x/bot1:secret/getMe")
    assert "secret" not in in_words(problem, secret="1:secret")


async def test_a_message_on_its_way_out_arrives_before_we_hang_up(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect()
    telegram_emulator.person(7)
    sending = asyncio.create_task(telegram.send("7", Reply("您好")))
    await asyncio.sleep(0)
    sending.cancel()
    await telegram.close()
    assert [one["text"] for one in telegram_emulator.sent_to(7)] == ["您好"]


async def test_a_place_arrives_as_a_venue_before_the_text(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect()
    telegram_emulator.person(7)
    venue = Venue("平潮中心卫生院", "平潮镇", 32.09, 120.77)
    await telegram.send("7", Reply("离您 300 米", choices=(Choice("/menu", "菜单"),), venue=venue))
    pin, text = telegram_emulator.sent_to(7)
    assert pin["venue"]["title"] == "平潮中心卫生院"
    assert pin["venue"]["location"] == {"latitude": 32.09, "longitude": 120.77}
    assert text["text"] == "离您 300 米"
    assert "inline_keyboard" in text["reply_markup"]
