"""One ticket: reading it, answering it, and what colleagues may not do to each other."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.db import outbox
from bot.db.tables import Conversation, Message, Staff, State, Status, now
from bot.desk import effects as desk
from handlers.effects import ForgetMe
from handlers.messages import Contact, Reply

SCRIPT = '<script>alert("x")</script>'


def kinds(office: Any, number: str) -> list[str]:
    return [event.kind for event in office.history(number) if event.kind != "viewed"]


async def test_the_page_shows_the_request_the_phone_and_the_conversation(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket()

    response = await li.get(f"/desk/tickets/{number}")
    page = read(response)

    for words in ("生活困难帮扶", "海门区 三星镇", "新建", "未认领", "腿伤复发，三个月没有收入",
                  "你好，我想申请帮扶", f"已经提交，编号 {number}", "Telegram"):  # fmt: skip
        assert words in page
    assert 'href="tel:13800138000"' in response.text


async def test_reading_a_ticket_is_written_down_and_polling_it_is_not_reading_again(
    office: Any, li: Any
) -> None:
    number = office.ticket()

    await li.get(f"/desk/tickets/{number}")
    await li.get(f"/desk/tickets/{number}/conversation")

    viewed = [event.actor for event in office.history(number) if event.kind == "viewed"]
    assert viewed == ["staff:li"]


async def test_the_conversation_cannot_be_read_without_leaving_a_trace(
    office: Any, li: Any, zhao: Any
) -> None:
    number = office.ticket()
    await zhao.get(f"/desk/tickets/{number}")

    await li.get(f"/desk/tickets/{number}/conversation")

    viewed = [event.actor for event in office.history(number) if event.kind == "viewed"]
    assert viewed == ["staff:zhao", "staff:li"]


async def test_a_request_is_claimed_answered_resolved_and_reopened(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket()

    for action, fields, state in (
        ("claim", {}, State.CLAIMED),
        ("reply", {"text": "您好，请带身份证到三星镇服务站。"}, State.ANSWERED),
        ("resolve", {}, State.RESOLVED),
        ("reopen", {}, State.CLAIMED),
    ):
        response = await li.act(number, action, **fields)
        assert response.status_code == 303, action
        assert response.headers["location"] == f"/desk/tickets/{number}"
        assert office.load(number).state == state

    assert kinds(office, number) == ["opened", "claimed", "replied", "resolved", "reopened"]
    page = read(await li.get(f"/desk/tickets/{number}"))
    for words in ("李同志 认领 新建 → 已认领", "李同志 回复 已认领 → 已答复", "已办结 → 已认领"):
        assert words in page


async def test_a_reply_goes_to_the_person_signed_and_the_courier_is_woken(
    office: Any, li: Any
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    woken = office.woken

    await li.act(number, "reply", text="第一行\r\n第二行")

    last = office.sent()[-1]
    assert (last.contact, last.text) == ("telegram:3527065", "第一行\n第二行")
    assert last.extras["author"] == f"李同志 · {number}"
    assert office.woken == woken + 1


async def test_a_note_is_never_sent(office: Any, li: Any, zhao: Any, read: Any) -> None:
    number = office.ticket()
    before = len(office.sent())

    response = await zhao.act(number, "note", text="核实过低保，请从快")

    assert response.status_code == 303
    assert len(office.sent()) == before
    page = await li.get(f"/desk/tickets/{number}")
    notes = page.text[page.text.index('id="notes"') :]
    assert "核实过低保，请从快" in notes
    assert "用户看不到" in notes
    assert "核实过低保" not in (await li.get(f"/desk/tickets/{number}/conversation")).text


async def test_the_second_to_claim_is_told_who_was_first(office: Any, li: Any, zhao: Any) -> None:
    number = office.ticket()
    await zhao.get(f"/desk/tickets/{number}")

    assert (await li.act(number, "claim")).status_code == 303
    second = await zhao.post(f"/desk/tickets/{number}/claim")

    assert second.status_code == 409
    assert "没有执行：这张工单已由李同志认领" in second.text
    assert office.load(number).owner == office.account("li").id


async def test_of_two_who_claim_at_the_same_moment_one_wins(
    office_on_both: Any, two_clerks: list[Any]
) -> None:
    numbers = [office_on_both.ticket() for _ in range(5)]

    for number in numbers:
        both = await asyncio.gather(
            *(clerk.post(f"/desk/tickets/{number}/claim") for clerk in two_clerks)
        )
        assert sorted(response.status_code for response in both) == [303, 409]
        assert kinds(office_on_both, number) == ["opened", "claimed"]


async def test_of_several_replies_to_one_version_one_is_sent(
    office_on_both: Any, two_clerks: list[Any]
) -> None:
    number = office_on_both.ticket()
    li = two_clerks[0]
    await li.act(number, "claim")

    for round in range(5):
        version, text = office_on_both.load(number).version, f"第 {round} 次答复"
        sending = [
            li.post(f"/desk/tickets/{number}/reply", text=text, version=version) for _ in range(4)
        ]
        answers = sorted(response.status_code for response in await asyncio.gather(*sending))
        assert answers == [303, 409, 409, 409]
        assert [message.text for message in office_on_both.sent()].count(text) == 1


async def test_a_refused_reply_keeps_the_draft_and_can_then_be_sent(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    stale = office.load(number).version
    office.say("我还有一句话", number=number)
    before = len(office.sent())

    refused = await li.post(f"/desk/tickets/{number}/reply", text=f"请放心 {SCRIPT}", version=stale)

    assert refused.status_code == 409
    assert "您写的时候这张工单有了新内容" in refused.text
    assert "请放心 &lt;script&gt;" in refused.text
    assert "我还有一句话" in read(refused)
    assert len(office.sent()) == before
    version = re.search(r'name="version" value="(\d+)"', refused.text)
    assert version
    again = await li.post(f"/desk/tickets/{number}/reply", text="请放心", version=version[1])
    assert again.status_code == 303


async def test_a_double_click_sends_one_reply(office: Any, li: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    fields = {"text": "已经办好", "version": office.load(number).version}

    first = await li.post(f"/desk/tickets/{number}/reply", **fields)
    second = await li.post(f"/desk/tickets/{number}/reply", **fields)

    assert (first.status_code, second.status_code) == (303, 409)
    assert [message.text for message in office.sent()].count("已经办好") == 1


@pytest.mark.parametrize(
    ("action", "text", "reason"),
    [
        ("reply", "  \r\n ", "还没有写内容"),
        ("reply", "长" * 4001, "最多 4000 个"),
        ("note", "", "还没有写内容"),
        ("note", "长" * 4001, "最多 4000 个"),
    ],
)
async def test_nothing_and_too_much_are_refused(
    office: Any, li: Any, action: str, text: str, reason: str
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    before = kinds(office, number)

    response = await li.act(number, action, text=text)

    assert response.status_code == 409
    assert reason in response.text
    assert text.strip() in response.text
    assert kinds(office, number) == before


@pytest.mark.parametrize("version", ["", "x", "-1", "９", "9" * 40])
async def test_a_reply_without_a_proper_version_is_refused(
    office: Any, li: Any, version: str
) -> None:
    number = office.ticket()
    await li.act(number, "claim")

    response = await li.act(number, "reply", text="你好", version=version)

    assert response.status_code == 409


@pytest.mark.parametrize(
    ("before", "action", "reason"),
    [
        ((), "reply", "请先认领"),
        ((), "resolve", "请先认领"),
        ((), "reopen", "只有已办结的工单才能重开"),
        (("claim", "resolve"), "reply", "工单已办结"),
        (("claim", "resolve"), "resolve", "工单已办结"),
    ],
)
async def test_an_action_out_of_turn_says_why_and_changes_nothing(
    office: Any, li: Any, before: tuple[str, ...], action: str, reason: str
) -> None:
    number = office.ticket()
    for step in before:
        await li.act(number, step)
    done = kinds(office, number)

    response = await li.act(number, action, text="写好的话")

    assert response.status_code == 409
    assert reason in response.text
    assert ("写好的话" in response.text) == (action == "reply")
    assert kinds(office, number) == done


async def test_a_colleague_cannot_answer_or_resolve_what_another_owns(
    office: Any, li: Any, zhao: Any
) -> None:
    number = office.ticket()
    await li.act(number, "claim")

    page = await zhao.get(f"/desk/tickets/{number}")
    assert "/reply" not in page.text
    assert "由李同志负责" in page.text
    for action in ("reply", "resolve"):
        response = await zhao.act(number, action, text="代为答复")
        assert response.status_code == 409
        assert "由李同志负责" in response.text


async def test_script_in_names_stories_replies_and_notes_stays_text(
    office: Any, browsers: list[Any]
) -> None:
    office.staff("mallory", f"李{SCRIPT}", "海门区")
    mallory = browsers[2]
    await mallory.sign_in("mallory")
    number = office.ticket(
        details=((f"困难{SCRIPT}", SCRIPT),), town=SCRIPT, service=SCRIPT, phone=f'1"{SCRIPT}'
    )
    office.say(SCRIPT)
    await mallory.act(number, "claim")
    await mallory.act(number, "reply", text=SCRIPT)
    await mallory.act(number, "note", text=SCRIPT)

    for path in ("/desk/", f"/desk/tickets/{number}", f"/desk/tickets/{number}/conversation"):
        page = (await mallory.get(path)).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": Status.SENT, "sent_at": now()}, "✓ 已送达"),
        ({"status": Status.QUEUED}, "… 待发送"),
        (
            {"status": Status.QUEUED, "error": "TimedOut", "attempts": 2},
            "… 待发送：第 2 次没成功，会再试",
        ),
        ({"status": Status.FAILED, "error": "对方屏蔽了机器人"}, "✗ 发送失败：对方屏蔽了机器人"),
    ],
)
async def test_a_reply_shows_how_its_delivery_went(
    office: Any, li: Any, read: Any, values: dict[str, Any], words: str
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    await li.act(number, "reply", text="您好")
    office.change(Message, office.sent()[-1].id, **values)

    assert words in read(await li.get(f"/desk/tickets/{number}"))


async def test_a_reply_to_the_web_chat_waits_for_the_person_to_look(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket(contact="web:abc")
    await li.act(number, "claim")
    await li.act(number, "reply", text="您好")

    page = read(await li.get(f"/desk/tickets/{number}"))

    assert "待发送：对方打开网页时送达" in page
    assert "渠道：网页聊天；署名：李同志" in page


async def test_the_channels_of_a_person_are_named_the_one_they_wrote_in_last_first(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket(contact="web:abc")
    assert "渠道" not in read(await li.get(f"/desk/tickets/{number}"))
    with Session(office.engine) as session:
        outbox.put(session, Contact("wechat", "o-wang"), [Reply("您好")])
        session.merge(
            Conversation(contact="web:abc", person="p", updated_at=now() - timedelta(hours=1))
        )
        session.merge(Conversation(contact="wechat:o-wang", person="p", updated_at=now()))
        session.commit()
    await li.act(number, "claim")

    page = read(await li.get(f"/desk/tickets/{number}"))

    assert "微信、网页聊天（答复发到第一个）" in page
    assert "渠道：微信；署名：李同志" in page
    assert "自动答复（微信）" in page
    assert "微信暂时不让我们主动发消息" in page  # what holds for the channel that is written to


async def test_staff_are_warned_when_the_person_blocked_us(office: Any, li: Any, read: Any) -> None:
    number = office.ticket()
    assert "请打电话联系" not in read(await li.get(f"/desk/tickets/{number}"))

    office.change(Conversation, "telegram:3527065", blocked_at=now())

    for path in ("", "/conversation"):
        page = read(await li.get(f"/desk/tickets/{number}{path}"))
        assert "屏蔽或停用了我们" in page
        assert "请打电话联系" in page


async def test_new_messages_come_by_poll_without_touching_the_form(office: Any, li: Any) -> None:
    number = office.ticket()
    page = await li.get(f"/desk/tickets/{number}")
    seen = re.search(r'id="seen" name="seen" value="(\w+)"', page.text)
    version = office.load(number).version
    assert seen
    params = {"seen": seen[1], "version": version}
    address = f"/desk/tickets/{number}/conversation"

    assert (await li.get(address, params=params)).status_code == 204

    office.say("还有一件事", number=number)
    fresh = await li.get(address, params=params)
    assert fresh.status_code == 200
    assert "还有一件事" in fresh.text
    assert "这张工单有了新内容" in fresh.text
    assert "<textarea" not in fresh.text
    assert 'id="version"' not in fresh.text


async def test_the_script_gets_the_notes_alone_and_the_reply_stays_sendable(
    office: Any, li: Any
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    version = office.load(number).version

    part = await li.act(
        number, "note", text="先打过电话", version=version, headers={"HX-Request": "true"}
    )

    assert part.status_code == 200
    assert "<html" not in part.text
    assert "先打过电话" in part.text
    assert f'value="{version + 1}" form="reply" hx-swap-oob="true"' in part.text


async def test_a_note_does_not_hide_that_the_person_wrote_meanwhile(office: Any, li: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    version = office.load(number).version
    office.say("等等，我说错了", number=number)

    part = await li.act(
        number, "note", text="先打过电话", version=version, headers={"HX-Request": "true"}
    )

    assert "hx-swap-oob" not in part.text


async def test_a_refused_note_keeps_its_draft_for_the_script_too(office: Any, li: Any) -> None:
    number = office.ticket()

    part = await li.act(number, "note", text="长" * 4001, headers={"HX-Request": "true"})

    assert "没有保存：内容有 4001 个字" in part.text
    assert "长" * 4001 in part.text


async def test_a_person_who_was_forgotten_is_shown_as_such(office: Any, li: Any, read: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    contact = Contact("telegram", "3527065")
    with Session(office.engine) as session:
        desk.perform(session, contact, ForgetMe(), settings=desk.Settings(), now=now())
        session.commit()

    page = read(await li.get(f"/desk/tickets/{number}"))

    assert "当事人已要求删除个人信息" in page
    assert "腿伤复发" not in page
    assert "13800138000" not in page


async def test_the_address_of_a_form_leads_back_to_the_ticket(office: Any, li: Any) -> None:
    number = office.ticket()

    response = await li.get(f"/desk/tickets/{number}/reply")

    assert response.headers["location"] == f"/desk/tickets/{number}"


async def test_readings_in_a_row_are_one_line_of_the_history(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket()
    for _ in range(3):
        page = await li.get(f"/desk/tickets/{number}")

    assert "李同志 查看（3 次）" in read(page)


async def test_a_crisis_names_its_minutes(office: Any, li: Any, read: Any) -> None:
    number = office.ticket(
        service="crisis", priority="crisis", due=timedelta(minutes=9, seconds=30)
    )

    page = read(await li.get(f"/desk/tickets/{number}"))

    assert "紧急 紧急求助" in page
    assert "还剩 9分钟" in page


async def test_a_colleague_who_left_is_still_named(office: Any, li: Any, zhao: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    office.change(Staff, office.account("li").id, disabled_at=now())

    assert "李同志" in (await zhao.get(f"/desk/tickets/{number}")).text
