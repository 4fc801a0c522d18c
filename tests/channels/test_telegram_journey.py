"""Telegram from end to end: the real client, service, courier and database, an emulated Bot API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.app import App
from bot.config import Settings, Telegram
from bot.db.group import StaffGroup
from bot.db.tables import Conversation, Message, Staff, Status, Ticket, now
from bot.desk import tickets
from bot.desk.clock import BEIJING
from knowledge.base import Knowledge
from tests.channels.telegram_emulator import TOKEN, Emulator

GROUP = -1001


@pytest.fixture
async def app(
    sqlite: Engine, knowledge: Knowledge, telegram_emulator: Emulator
) -> AsyncIterator[App]:
    """The whole service, running, with a clerk and a staff group."""
    telegram_emulator.group(GROUP)
    chosen = Telegram.model_validate(
        {
            "enabled": True,
            "token": TOKEN,
            "base_url": telegram_emulator.base_url,
            "staff_group": GROUP,
        }
    )
    with Session(sqlite) as session:
        today = now().astimezone(BEIJING).date().isoformat()  # the group has had its digest
        session.add(StaffGroup(chat=GROUP, digest_on=today))
        session.add(
            Staff(username="li", name="李同志", county="海门区", telegram_id=99, password_hash="-")
        )
        session.commit()
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    app = App(Settings(secret_keys=[key], telegram=chosen), sqlite, knowledge)
    async with contextlib.AsyncExitStack() as stack:
        web = app.web()
        await stack.enter_async_context(web.router.lifespan_context(web))
        yield app


async def test_a_veteran_asks_files_a_request_and_reads_the_clerks_answer(
    app: App, telegram_emulator: Emulator
) -> None:
    wang, clerk = telegram_emulator.person(7), telegram_emulator.person(99)
    wang.says("残疾军人坐火车半价吗")
    await telegram_emulator.wait_for(7, "减收50%")
    wang.says("/request other-help")
    await telegram_emulator.wait_for(7, "什么事")
    wang.says("邻居占了我家的地")
    await telegram_emulator.wait_for(7, "什么时候开始")
    wang.says("去年")
    await telegram_emulator.wait_for(7, "哪个县市区")
    wang.presses("海门区")
    await telegram_emulator.wait_for(7, "哪个镇")
    wang.says("三星镇")
    await telegram_emulator.wait_for(7, "能找到您的电话")
    wang.shares_contact("13900138000")
    await telegram_emulator.wait_for(7, "同意提交吗")
    wang.presses("同意")
    await telegram_emulator.wait_for(7, "请看一遍")
    wang.presses("没错，提交")
    await telegram_emulator.wait_for(7, "已经提交，编号 T000001")

    announced = await telegram_emulator.wait_for(GROUP, "新工单 T000001")
    assert "13900138000" not in announced["text"]
    clerk.presses("接单", chat=GROUP)
    await telegram_emulator.wait_for(GROUP, "已由李同志接单")
    await telegram_emulator.wait_for(7, "已由李同志接手")
    with Session(app.engine) as session:
        ticket = tickets.find(session, "T000001")
        staff = session.exec(select(Staff)).one()
        tickets.reply(session, ticket, staff, "明天上午去看您。", version=ticket.version)
        session.commit()
    app.courier.wake()
    answer = await telegram_emulator.wait_for(7, "明天上午去看您")
    assert "李同志" in answer["text"]


async def test_a_shared_location_finds_places(app: App, telegram_emulator: Emulator) -> None:
    wang = telegram_emulator.person(7)
    wang.sends_location(31.95, 120.89)
    await telegram_emulator.wait_for(7, "您想找什么")
    wang.presses("景区")
    shown = await telegram_emulator.wait_for(7, "狼山风景名胜区")
    assert shown["reply_markup"]["inline_keyboard"]


async def test_a_person_who_blocked_the_bot_is_recorded(
    app: App, telegram_emulator: Emulator
) -> None:
    wang = telegram_emulator.person(7)
    wang.says("你好")
    await telegram_emulator.wait_for(7, "自动助手")
    wang.blocks()

    def recorded() -> bool:
        with Session(app.engine) as session:
            return session.exec(select(Conversation.blocked_at)).one() is not None

    await telegram_emulator.until(recorded)


async def test_flood_control_is_obeyed_and_the_answer_still_arrives(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.breaks("sendMessage", times=1, status=429, retry_after=1)
    wang = telegram_emulator.person(7)
    wang.says("你好")
    await telegram_emulator.until(lambda: telegram_emulator.called("sendMessage"))
    await asyncio.sleep(1.1)
    app.courier.wake()
    await telegram_emulator.wait_for(7, "自动助手", seconds=8)
    with Session(app.engine) as session:
        sent = session.exec(select(Message).where(Message.status == Status.SENT)).all()
        assert session.exec(select(Ticket)).all() == []
    assert len(sent) == 1
