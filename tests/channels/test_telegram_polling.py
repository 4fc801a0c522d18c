"""Updates on their way in, over real HTTP: acknowledged late, in order, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import pytest

from bot.channels.staffroom import GroupMessage
from bot.channels.telegram_errors import TokenRefused
from bot.channels.telegram_patience import Timing
from handlers.messages import Choice, Contact, Reply
from tests.channels.conftest import Connect, Desk, Running
from tests.channels.telegram_emulator import BOT, TOKEN, Emulator

CLAIM = Reply("新工单 T000012", choices=(Choice("/claim T000012", "接单"),))


async def test_the_bot_introduces_itself_with_chinese_commands(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram = connect()
    async with running(telegram, desk):
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)
    assert telegram.username == "youjun_test_bot"
    [offered] = telegram_emulator.called("setMyCommands")
    assert [(one["command"], one["description"]) for one in offered["commands"]] == [
        ("start", "开始"),
        ("menu", "菜单"),
        ("benefits", "看我能享受哪些待遇"),
        ("nearby", "找附近的优待商户、医院、景区"),
        ("status", "查进度"),
        ("human", "找工作人员"),
        ("link", "关联微信、网页"),
        ("cancel", "取消"),
        ("help", "帮助"),
        ("forget", "删除我的信息"),
    ]


async def test_an_update_is_acknowledged_only_after_it_was_taken(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    desk.open.clear()
    async with running(connect(), desk):
        id = telegram_emulator.person(7).says("优待证丢了")
        await desk.tries(1)
        await asyncio.sleep(0.1)
        assert list(telegram_emulator.pending) == [id]
        desk.open.set()
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert [update.id for update in desk.received] == [str(id)]


async def test_what_was_not_taken_comes_again_after_a_restart(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    desk.refuses = lambda update: True
    id = telegram_emulator.person(7).says("优待证丢了")
    async with running(connect(), desk):
        await desk.tries(2)
    assert list(telegram_emulator.pending) == [id]
    again = Desk()
    async with running(connect(), again):
        await again.hears(1)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert again.texts == ["优待证丢了"]


async def test_stopping_finishes_the_update_in_hand_and_leaves_the_next(
    telegram_emulator: Emulator, connect: Connect, desk: Desk
) -> None:
    desk.open.clear()
    wang = telegram_emulator.person(7)
    wang.says("一")
    wang.says("二")
    task = asyncio.create_task(connect().run(desk.receive))
    await desk.tries(1)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    desk.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.texts == ["一"]
    assert len(telegram_emulator.pending) == 2


async def test_one_chat_is_answered_in_order_and_holds_up_nobody(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram_emulator.inbox.spin = 0
    desk.refuses = lambda update: update.text == "王1" and len(desk.tried) < 6
    for number in range(1, 4):
        telegram_emulator.person(7).says(f"王{number}")
        telegram_emulator.person(8).says(f"李{number}")
    async with running(connect(), desk):
        await desk.hears(6)
    assert [text for text in desk.texts if text[0] == "王"] == ["王1", "王2", "王3"]
    assert desk.texts[:3] == ["李1", "李2", "李3"]


async def test_an_unreadable_update_is_set_aside_and_the_rest_goes_on(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram = connect()
    wang = telegram_emulator.person(7)
    async with running(telegram, desk):
        wang.says("前")
        bad = telegram_emulator.push({"message": {"message_id": "这不是消息"}}, sound=False)
        wang.says("后")
        await desk.hears(2)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert desk.texts == ["前", "后"]
    assert [one.update_id for one in telegram.poison] == [bad]
    assert telegram.poison[0].raw["message"] == {"message_id": "这不是消息"}


async def test_an_update_that_always_fails_is_set_aside_once_others_go_well(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram_emulator.inbox.spin = 0
    telegram = connect()
    desk.refuses = lambda update: update.text == "毒"
    wang = telegram_emulator.person(7)
    bad = wang.says("毒")
    async with running(telegram, desk):
        wang.says("后面的话")
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert desk.texts == ["后面的话"]
    assert desk.tried.count("毒") >= 5
    assert [one.update_id for one in telegram.poison] == [bad]


async def test_while_nothing_can_be_taken_nothing_is_lost(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram_emulator.inbox.spin = 0
    telegram = connect()
    desk.refuses = lambda update: True
    for person in (7, 8):
        telegram_emulator.person(person).says(f"{person} 一")
        telegram_emulator.person(person).says(f"{person} 二")
    async with running(telegram, desk):
        await desk.tries(20)
        desk.refuses = lambda update: False
        await desk.hears(4)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert not telegram.poison
    assert sorted(desk.texts) == ["7 一", "7 二", "8 一", "8 二"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 401}, "check telegram.token"),
        ({"status": 404, "times": 4}, "check telegram.token"),
        ({"status": 409}, "another program fetches updates"),
        (
            {
                "status": 409,
                "description": "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            },
            "call the Bot API method deleteWebhook",
        ),
        ({"status": 429, "retry_after": 1}, "asks us to wait 1 s"),
        ({"status": 500, "times": 4}, "has trouble itself"),
        ({"kind": "html", "times": 2}, "has trouble itself"),
        ({"kind": "broken json", "times": 2}, "something we cannot use"),
        ({"kind": "reset", "times": 2}, "cannot be reached"),
        ({"kind": "hang"}, "did not answer in time"),
    ],
    ids=str,
)
async def test_trouble_is_told_in_words_and_survived(
    fault: dict[str, Any],
    words: str,
    telegram_emulator: Emulator,
    connect: Connect,
    running: Running,
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot")
    telegram_emulator.breaks("getUpdates", **fault)
    timing = Timing(poll=1, slack=0.2, first_wait=0.02, longest_wait=0.1)
    async with running(connect(timing=timing), desk):
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert words in told
    assert "Telegram answers again" in told
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ({"status": 409}, True),
        ({"status": 429, "retry_after": 1}, True),
        ({"status": 500}, True),
        ({"kind": "html"}, True),
        ({"kind": "broken json"}, True),
        ({"kind": "reset"}, False),
        ({"kind": "hang"}, False),
    ],
    ids=str,
)
async def test_whatever_telegram_answers_the_watchdog_knows_that_it_did(
    fault: dict[str, Any],
    heard: bool,
    telegram_emulator: Emulator,
    connect: Connect,
    running: Running,
    desk: Desk,
) -> None:
    """A new process would hear the same, and the web chat would suffer."""
    telegram_emulator.breaks("getUpdates", times=1000, **fault)
    timing = Timing(poll=0.1, slack=0.2, first_wait=0.02, longest_wait=0.1)
    async with running(telegram := connect(timing=timing), desk):
        await telegram_emulator.until(lambda: len(telegram_emulator.called("getUpdates")) > 1)
        assert (telegram.last_heard is not None) == heard


async def test_a_second_copy_is_noticed_and_both_live(
    telegram_emulator: Emulator,
    connect: Connect,
    running: Running,
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(connect(), desk), running(connect(), desk):
        await telegram_emulator.until(lambda: "another program" in caplog.text)
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)


async def test_a_wrong_token_is_said_clearly(
    telegram_emulator: Emulator, connect: Connect, desk: Desk
) -> None:
    telegram = connect(token="999:wrong")
    with pytest.raises(TokenRefused, match=r"telegram\.token") as problem:
        await telegram.run(desk.receive)
    assert "wrong" not in str(problem.value)
    assert len(telegram_emulator.called("getMe")) == 3


async def test_a_bad_start_is_survived(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    for fault in ({"status": 401, "times": 2}, {"kind": "reset"}, {"status": 401}):
        telegram_emulator.breaks("getMe", **fault)
    telegram_emulator.breaks("setMyCommands")
    async with running(connect(), desk):
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)


async def test_an_update_sent_twice_has_the_same_id(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    wang = telegram_emulator.person(7)
    async with running(connect(), desk):
        id = wang.says("您好")
        await desk.hears(1)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
        message = telegram_emulator.message(7, {"from": wang.user, "text": "您好"})
        telegram_emulator.push({"update_id": id, "message": message})
        await desk.hears(2)
        wang.says("还有")
        await desk.hears(3)
    assert [update.id for update in desk.received] == [str(id), str(id), str(id + 1)]


async def test_a_pressed_button_stops_spinning_even_if_the_update_fails(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram = connect()
    wang = telegram_emulator.person(7)
    desk.refuses = lambda update: True
    async with running(telegram, desk):
        await telegram.send("7", Reply("您好", choices=(Choice("/menu", "菜单"),)))
        wang.presses("菜单")
        await telegram_emulator.until(lambda: telegram_emulator.called("answerCallbackQuery"))
        desk.refuses = lambda update: False
        [update] = await desk.hears(1)
    assert (update.text, update.label) == ("/menu", "菜单")


async def test_who_blocks_us_is_remembered_and_who_comes_back_too(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    heard: list[tuple[Contact, bool]] = []

    async def note(contact: Contact, blocked: bool) -> None:
        heard.append((contact, blocked))

    wang = telegram_emulator.person(7)
    async with running(connect(blocked=note), desk):
        await telegram_emulator.until(lambda: telegram_emulator.called("getUpdates"))
        wang.blocks()
        wang.unblocks()
        wang.says("我又来了")
        await desk.hears(1)
    assert heard == [(Contact("telegram", "7"), True), (Contact("telegram", "7"), False)]


async def test_what_is_done_in_groups_of_staff_goes_to_the_desk_and_not_to_the_service(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    staff, other = telegram_emulator.group(-100_1), telegram_emulator.group(-100_2)
    done: list[GroupMessage] = []

    async def hear(said: GroupMessage) -> None:
        done.append(said)

    async def staff_groups() -> list[int]:
        return [staff]

    button = {"inline_keyboard": [[{"text": "接单", "callback_data": "/claim T000012"}]]}
    shown = {"from": BOT, "text": CLAIM.text, "reply_markup": button}
    telegram_emulator.messages.append(telegram_emulator.message(staff, shown))
    wang = telegram_emulator.person(7)
    async with running(connect(hear=hear, staff_groups=staff_groups), desk):
        for group in (staff, other):
            wang.says("/help@youjun_test_bot", chat=group)
            wang.says("/help@another_bot", chat=group)
        wang.presses("接单", chat=staff)
        wang.says("私下说")
        heard = await desk.hears(2)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert sorted((str(one.contact), one.text, one.public) for one in heard) == [
        (f"telegram:{other}", "/help", True),
        ("telegram:7", "私下说", False),
    ]
    assert sorted((one.chat, one.sender, one.text) for one in done) == [
        (staff, 7, "/claim T000012"),
        (staff, 7, "/help"),
    ]


async def test_health_goes_stale_when_nothing_is_fetched(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    telegram = connect()
    assert not telegram.healthy(0.0)
    async with running(telegram, desk):
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)
    at = telegram.last_fetched
    assert at is not None
    assert telegram.healthy(at + 59)
    assert not telegram.healthy(at + 61)


async def test_a_person_and_the_bot_take_turns(
    telegram_emulator: Emulator, connect: Connect
) -> None:
    telegram = connect()

    async def parrot(update: Any) -> None:
        said = "位置" if update.point else update.phone or update.text
        await telegram.send(update.contact.address, Reply(f"听到：{said}"))

    wang = telegram_emulator.person(7)
    task = asyncio.create_task(telegram.run(parrot))
    wang.says("/start article-x")
    await telegram_emulator.wait_for(7, "听到：/start article-x")
    wang.sends_location(31.98, 120.89)
    await telegram_emulator.wait_for(7, "听到：位置")
    wang.shares_contact("+8613900000000")
    await telegram_emulator.wait_for(7, "听到：8613900000000")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
