"""Groups of staff from end to end: topics that follow their tickets, whatever Telegram does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.app import App
from bot.config import Settings
from bot.db.group import StaffGroup, Topic
from bot.db.tables import Conversation, Desk, Staff, State, Ticket, now
from bot.desk import effects, tickets
from bot.desk.clock import BEIJING
from handlers.effects import OpenTicket
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.channels.telegram_emulator import TOKEN, Emulator

GROUP, NEW_GROUP = -100_1, -100_9
LI, GU, STRANGER = 11, 13, 99
PERSONAL = ("13800138000", "摔断", "telegram:", "叠石桥")
"""What tickets here hold; after every test all that Telegram was told is searched for it."""
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
async def app(
    sqlite: Engine, knowledge: Knowledge, telegram_emulator: Emulator
) -> AsyncIterator[App]:
    """The whole service; 海门 has a group, 李 works there and 顾 in 如东."""
    with Session(sqlite) as session:
        session.add(Desk(code="haimen", name="示例海门中心", county="海门区", telegram_group=GROUP))
        today = now().astimezone(BEIJING).date().isoformat()  # has had its digest
        session.add_all(StaffGroup(chat=chat, digest_on=today) for chat in (GROUP, NEW_GROUP))
        for name, county, id in (("li", "海门区", LI), ("gu", "如东县", GU)):
            session.add(
                Staff(username=name, name=name, county=county, telegram_id=id, password_hash="-")
            )
        session.commit()
    chosen: Any = {
        "secret_keys": [KEY],
        "telegram": {"enabled": True, "token": TOKEN, "base_url": telegram_emulator.base_url},
        "web": {"public_url": "https://desk.example"},
    }
    app = App(Settings(**chosen), sqlite, knowledge)
    async with contextlib.AsyncExitStack() as stack:
        web = app.web()
        await stack.enter_async_context(web.router.lifespan_context(web))
        yield app
    told = [f"{method} {given}" for method, given in telegram_emulator.calls if _to_all(given)]
    assert len(told) > 1
    assert [one for one in told if any(words in one for words in PERSONAL)] == []


def _to_all(given: dict[str, Any]) -> bool:
    """Whether a call to Telegram, of whatever kind, is for a group or for nobody in particular."""
    return int(given.get("chat_id") or -1) < 0


def opens(app: App, person: int, story: str = "在叠石桥摔断了腿") -> str:
    """Somebody hands something in; the number."""
    wanted = OpenTicket(
        "hardship-aid", "hardship", "海门区", "三星镇", "13800138000", (("困难", story),), 3
    )
    with Session(app.engine) as session:
        contact = Contact("telegram", str(person))
        session.add(Conversation(contact=str(contact)))
        number = effects.perform(session, contact, wanted, settings=app.desk, now=now())
        session.commit()
    app.wake()
    return str(number)


def change(app: App, number: str, what: Callable[[Session, Ticket, Staff], None]) -> None:
    """Something is done in the console."""
    with Session(app.engine) as session:
        staff = session.exec(select(Staff).where(Staff.username == "li")).one()
        what(session, tickets.find(session, number), staff)
        session.commit()
    app.wake()


async def test_a_ticket_has_a_topic_whose_title_follows_it_and_only_its_person_hears(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.forum_group(GROUP)
    li = telegram_emulator.person(LI)
    for person in (7, 8):
        telegram_emulator.person(person)
        opens(app, person)
    names = telegram_emulator.forum.names
    await telegram_emulator.until(lambda: len(names(GROUP)) == 2)
    title = app.desk.title("hardship-aid")
    assert sorted(names(GROUP)) == [
        f"[新建] T000001 {title} 三星镇",
        f"[新建] T000002 {title} 三星镇",
    ]
    card = await telegram_emulator.wait_for(GROUP, "新工单 T000001")
    labels = [b["text"] for row in card["reply_markup"]["inline_keyboard"] for b in row]
    assert labels == ["接单", "转派", "备注", "待补材料", "办结", "打开控制台"]

    li.calls_back("/claim T000001", card)
    said = await telegram_emulator.wait_for(GROUP, "✓ T000001 已由li接单")
    assert said["message_thread_id"] == card["message_thread_id"]
    await telegram_emulator.wait_for(7, "已由li接手")
    li.says_in_topic("/close", GROUP, card["message_thread_id"])
    await telegram_emulator.wait_for(GROUP, "✓ T000001 已办结")
    await telegram_emulator.wait_for(7, "已办结")
    assert f"[已办结] T000001 {title} 三星镇" in names(GROUP)
    assert f"[新建] T000002 {title} 三星镇" in names(GROUP)
    assert telegram_emulator.sent_to(8) == []


async def test_in_a_topic_only_staff_of_the_county_are_heard_and_nothing_goes_out_by_mistake(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.forum_group(GROUP)
    for person in (7, LI, GU, STRANGER):
        telegram_emulator.person(person)
    opens(app, 7)
    card = await telegram_emulator.wait_for(GROUP, "新工单 T000001")
    thread = card["message_thread_id"]
    telegram_emulator.person(STRANGER).says_in_topic("/claim", GROUP, thread)
    await telegram_emulator.wait_for(GROUP, "还没有绑定工作人员")
    telegram_emulator.person(GU).says_in_topic("/claim", GROUP, thread)
    await telegram_emulator.wait_for(GROUP, "没有找到这张工单")
    change(app, "T000001", tickets.claim)  # in the console
    await telegram_emulator.wait_for(GROUP, "T000001 li 认领（已认领）")
    await telegram_emulator.wait_for(7, "已由li接手")
    telegram_emulator.person(LI).says_in_topic("您好王建国", GROUP, thread, answering=card)
    await telegram_emulator.wait_for(GROUP, "✗ T000001：本部门不从 Telegram 回复当事人")
    assert len(telegram_emulator.sent_to(7)) == 1


async def test_two_slashes_stay_inside_and_an_answer_goes_out_where_it_may(
    app: App, telegram_emulator: Emulator
) -> None:
    with Session(app.engine) as session:
        session.exec(select(Desk)).one().telegram_replies = True
        session.commit()
    telegram_emulator.forum_group(GROUP)
    li = telegram_emulator.person(LI)
    telegram_emulator.person(7)
    opens(app, 7)
    card = await telegram_emulator.wait_for(GROUP, "新工单 T000001")
    thread = card["message_thread_id"]
    li.says_in_topic("/claim", GROUP, thread)
    await telegram_emulator.wait_for(7, "已由li接手")
    li.says_in_topic("// 他腿不好", GROUP, thread, answering=card)
    await telegram_emulator.wait_for(GROUP, "备注已记下，没有发给当事人")
    li.says_in_topic("明天来看您\n// 带上小陈", GROUP, thread, answering=card)
    await telegram_emulator.wait_for(GROUP, "✓ T000001 已发给当事人；// 的行只记作备注")
    answer = await telegram_emulator.wait_for(7, "明天来看您")
    assert "小陈" not in answer["text"]
    assert "腿不好" not in str(telegram_emulator.sent_to(7))


async def test_a_deleted_topic_is_made_again(app: App, telegram_emulator: Emulator) -> None:
    telegram_emulator.forum_group(GROUP)
    telegram_emulator.person(7)
    opens(app, 7)
    first = (await telegram_emulator.wait_for(GROUP, "新工单"))["message_thread_id"]
    telegram_emulator.forum.delete(GROUP, first)
    change(app, "T000001", lambda db, ticket, li: tickets.note(db, ticket, li, "等答复"))
    said = await telegram_emulator.wait_for(GROUP, "T000001 li 内部备注")
    second = said["message_thread_id"]
    assert second != first
    telegram_emulator.forum.delete(GROUP, second)
    change(app, "T000001", tickets.claim)  # its new title finds out
    third = (await telegram_emulator.wait_for(GROUP, "认领"))["message_thread_id"]
    assert telegram_emulator.forum.names(GROUP) == [
        f"[已认领] T000001 {app.desk.title('hardship-aid')} 三星镇"
    ]
    with Session(app.engine) as session:
        assert session.exec(select(Topic.thread)).one() == third


async def test_a_topic_somebody_closed_is_opened_for_what_is_new(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.forum_group(GROUP)
    telegram_emulator.person(7)
    opens(app, 7)
    thread = (await telegram_emulator.wait_for(GROUP, "新工单"))["message_thread_id"]
    telegram_emulator.forum.close(GROUP, thread)
    change(app, "T000001", lambda db, ticket, li: tickets.note(db, ticket, li, "还在等"))
    said = await telegram_emulator.wait_for(GROUP, "T000001 li 内部备注")
    assert said["message_thread_id"] == thread


async def test_without_the_right_to_make_topics_the_group_itself_hears_and_the_log_says_why(
    app: App, telegram_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    telegram_emulator.forum_group(GROUP)
    telegram_emulator.forum.rights = False
    li = telegram_emulator.person(LI)
    for person in (7, 8):
        telegram_emulator.person(person)
        said = await telegram_emulator.wait_for(GROUP, f"新工单 {opens(app, person)}")
    assert "message_thread_id" not in said
    assert caplog.text.count("the right to manage topics") == 1
    li.presses("接单", chat=GROUP)
    await telegram_emulator.wait_for(GROUP, "✓ T000002 已由li接单")
    # One line is enough: the same group does not read it twice.
    assert not [m for m in telegram_emulator.sent_to(GROUP) if "li 认领" in m["text"]]
    assert len(telegram_emulator.called("createForumTopic")) == 1


@pytest.mark.parametrize("how", ["note", "error"])
async def test_a_group_that_became_a_supergroup_goes_on_under_its_new_number(
    app: App, telegram_emulator: Emulator, how: str
) -> None:
    telegram_emulator.group(GROUP)
    telegram_emulator.forum_group(NEW_GROUP)
    li = telegram_emulator.person(LI)
    telegram_emulator.person(7)
    if how == "note":
        li.sends(chat=GROUP, migrate_to_chat_id=NEW_GROUP)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    telegram_emulator.refuse(
        GROUP,
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=NEW_GROUP,
    )
    opens(app, 7)
    card = await telegram_emulator.wait_for(NEW_GROUP, "新工单 T000001")
    li.says_in_topic("/claim", NEW_GROUP, card["message_thread_id"])
    await telegram_emulator.wait_for(NEW_GROUP, "✓ T000001 已由li接单")
    with Session(app.engine) as session:
        moved = session.get(StaffGroup, GROUP)
        assert moved is not None
        assert moved.moved_to == NEW_GROUP
        assert tickets.find(session, "T000001").state == State.CLAIMED


async def test_staff_are_shown_commands_and_get_the_console_link_in_private(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.forum_group(GROUP)
    li = telegram_emulator.person(LI)
    telegram_emulator.person(7)
    opens(app, 7, "王建国，身份证 320684195001011234，住和平路 8 号")
    card = await telegram_emulator.wait_for(GROUP, "新工单 T000001")
    li.calls_back("/console T000001", card)
    private = await telegram_emulator.wait_for(LI, "只能用一次")
    url = private["reply_markup"]["inline_keyboard"][0][0]["url"]
    assert url.startswith("https://desk.example/desk/go/")
    await telegram_emulator.wait_for(GROUP, "已私下发给li")
    assert "desk.example" not in str(telegram_emulator.sent_to(GROUP))

    offered = [
        one
        for one in telegram_emulator.called("setMyCommands")
        if one["scope"] == {"type": "chat", "chat_id": GROUP}
    ]
    assert len(offered) == 1
    names = {one["command"] for one in offered[0]["commands"]}
    assert {"open", "mine", "claim", "assign", "note", "reply", "close", "reopen", "sla"} < names
    payloads = str(telegram_emulator.calls)
    for planted in ("王建国", "13800138000", "320684195001011234", "和平路"):
        assert planted not in payloads


async def test_staff_hear_when_the_person_cannot_be_reached(
    app: App, telegram_emulator: Emulator
) -> None:
    telegram_emulator.forum_group(GROUP)
    telegram_emulator.person(7)
    telegram_emulator.refuse(7, 403, "Forbidden: bot was blocked by the user")
    opens(app, 7)
    await telegram_emulator.wait_for(GROUP, "新工单")
    change(app, "T000001", tickets.claim)
    await telegram_emulator.wait_for(GROUP, "✗ T000001 有一条消息没有送到当事人")
