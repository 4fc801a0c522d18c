"""Groups of staff: who may do what there, how it is answered, what nobody learns there."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from bot.channels.staffroom import GroupMessage
from bot.db import outbox
from bot.db.group import ConsoleLink, Topic
from bot.db.tables import Desk, Message, State, Ticket
from bot.desk import alarms, canned, effects, finding, grouptalk, history, moving, tickets, watch
from bot.desk.clock import BEIJING
from bot.staffrooms import Staffrooms
from handlers.effects import AddToTicket, AlertStaff, ObjectToAnswer, RateTicket
from handlers.messages import Contact
from tests.desk.conftest import MONDAY, Desks

CITY, HAIMEN, RUDONG = -100, -101, -102
LI, HUA, GU, ZHOU, AN, NOBODY = 11, 12, 13, 14, 15, 99
SETTINGS = effects.Settings(
    staff_group=CITY,
    titles={"hardship-aid": "困难帮扶"},
    secret="pepper",
    public_url="https://desk.example",
)


class Group:
    """What people do in groups, and what the group reads then."""

    def __init__(self, desks: Desks, rooms: Staffrooms) -> None:
        self.desks, self.rooms = desks, rooms
        self.ids = count(1)
        self.now = MONDAY

    def hears(self, sender: int | None, text: str, *, chat: int = HAIMEN, **more: object) -> str:
        """Somebody says something; what the group reads last, nothing if there is no answer."""
        self.desks.session.commit()
        before = len(self.desks.heard(chat))
        self.desks.session.commit()
        said = GroupMessage(f"u{next(self.ids)}", chat, sender, text, **more)  # type: ignore[arg-type]
        self.rooms.hear(said)
        self.desks.session.expire_all()
        new = self.desks.heard(chat)[before:]
        return new[-1].text if new else ""

    def topic(self, ticket: Ticket, chat: int = HAIMEN, thread: int = 501) -> int:
        """The channel has made the topic of a ticket."""
        row = self.desks.session.get(Topic, (chat, ticket.id))
        assert row is not None
        row.thread = thread
        self.desks.session.commit()
        return thread


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    """One database is enough here: claiming in a group is tested on both elsewhere."""
    return sqlite


@pytest.fixture
def group(engine: Engine, desks: Desks) -> Group:
    """The offices have groups; that of 海门 allows replies once a test says so."""
    for code, chat in (("haimen", HAIMEN), ("rudong", RUDONG)):
        desks.session.exec(select(Desk).where(Desk.code == code)).one().telegram_group = chat
    for username, id in {"li": LI, "hua": HUA, "gu": GU, "zhou": ZHOU, "an": AN}.items():
        desks.staff(username).telegram_id = id
    desks.session.commit()
    made = Group(desks, Staffrooms(engine, SETTINGS, clock=lambda: made.now))
    made.rooms.begin()
    return made


@pytest.fixture
def replies(group: Group) -> None:
    """海门 allows replies through Telegram."""
    desks = group.desks
    desks.session.exec(select(Desk).where(Desk.code == "haimen")).one().telegram_replies = True
    desks.session.commit()


def told(desks: Desks, contact: str = "terminal:wang") -> list[str]:
    """What a person reads."""
    return [reply.text for reply in outbox.take(desks.session, Contact.parse(contact))]


def test_of_two_open_tickets_the_first_is_closed_and_only_its_person_hears(
    group: Group, desks: Desks
) -> None:
    first = desks.opens(town="", contact="terminal:wang")
    second = desks.opens(town="", contact="terminal:sun")
    for ticket, thread in ((first, 501), (second, 502)):
        group.topic(ticket, thread=thread)
        assert "✓" in group.hears(LI, "/claim", thread=thread)
    assert told(desks, "terminal:wang")
    assert told(desks, "terminal:sun")

    assert group.hears(LI, "/close", thread=501) == "✓ T000001 已办结，已告诉当事人"
    assert "T000001 已办结" in told(desks, "terminal:wang")[0]
    assert told(desks, "terminal:sun") == []
    assert (first.state, second.state) == (State.RESOLVED, State.CLAIMED)


def test_a_stranger_and_somebody_nameless_learn_nothing(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    for wish in ("/open", "/open T000001", "/claim T000001", "/console T000001", "/mine", "/sla"):
        answer = group.hears(NOBODY, wish)
        assert answer.startswith("✗")
        assert "还没有绑定工作人员" in answer
        assert "困难帮扶" not in answer
    assert "匿名" in group.hears(None, "/claim T000001")
    assert ticket.owner is None


def test_a_disabled_account_is_a_stranger(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    desks.staff("li").disabled_at = MONDAY
    assert "还没有绑定" in group.hears(LI, "/claim T000001")


@pytest.mark.parametrize("chat", [HAIMEN, RUDONG])
def test_a_colleague_of_another_county_learns_nothing(
    group: Group, desks: Desks, chat: int
) -> None:
    desks.opens(town="")
    for name in grouptalk.COMMANDS:
        answer = group.hears(GU, f"/{name} T000001 x", chat=chat)
        if name in ("mine", "help"):
            assert "T000001" not in answer
        else:
            assert "没有找到这张工单" in answer
    assert group.hears(GU, "/open", chat=chat) == "✓ 没有在办工单"


def test_in_the_group_of_a_county_even_the_city_speaks_only_of_that_county(
    group: Group, desks: Desks
) -> None:
    desks.opens(town="")
    assert "没有找到" in group.hears(ZHOU, "/open T000001", chat=RUDONG)
    assert "没有" in group.hears(ZHOU, "/open", chat=RUDONG)
    assert "T000001 困难帮扶" in group.hears(ZHOU, "/open", chat=HAIMEN)
    assert "T000001 困难帮扶" in group.hears(ZHOU, "/open", chat=CITY)


def test_a_group_of_nobody_is_not_answered(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    assert group.hears(LI, "/claim T000001", chat=-999) == ""


def test_an_auditor_reads_and_changes_nothing(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    assert "T000001 困难帮扶" in group.hears(AN, "/open", chat=CITY)
    assert group.hears(AN, "/claim T000001", chat=CITY).startswith("✗ T000001：您的角色")


def test_the_loser_of_two_who_claim_is_told_who_has_it(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    assert "已由李同志接单" in group.hears(LI, "/claim T1")
    assert group.hears(HUA, "/claim T1") == "✗ T000001：这张工单已由李同志认领"


def test_an_update_that_comes_twice_is_carried_out_once(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    desks.session.commit()
    said = GroupMessage("same", HAIMEN, LI, "/claim T000001")
    group.rooms.hear(said)
    desks.session.expire_all()
    heard, version = len(desks.heard(HAIMEN)), ticket.version
    desks.session.commit()
    group.rooms.hear(said)
    desks.session.expire_all()
    assert (len(desks.heard(HAIMEN)), ticket.version) == (heard, version)


def test_without_leave_nothing_reaches_the_person_from_telegram(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    group.topic(ticket)
    group.hears(LI, "/claim", thread=501)
    told(desks)
    for text, answers in (
        ("/reply 请来一趟", None),
        ("/ask 请带户口簿", None),
        ("请来一趟", "新工单 T000001"),
        ("请来一趟\n// 他腿不好", "待补材料 T000001：请“回复”这条消息"),
    ):
        answer = group.hears(LI, text, thread=501, answers=answers)
        assert (
            answer == "✗ T000001：本部门不从 Telegram 回复当事人（个人信息不出境），请到工作台回复"
        )
    assert told(desks) == []
    assert desks.lines(ticket, "noted") == []


def test_with_leave_an_answer_to_our_message_answers_the_person(
    group: Group, desks: Desks, replies: None
) -> None:
    ticket = desks.opens(town="")
    group.topic(ticket)
    group.hears(LI, "/claim", thread=501)
    told(desks)
    answer = group.hears(LI, "请来一趟\n// 他腿不好", thread=501, answers="新工单 T000001")
    assert answer == "✓ T000001 已发给当事人；// 的行只记作备注"
    assert told(desks) == ["请来一趟"]
    assert [line.text for line in desks.lines(ticket, "noted")] == ["他腿不好"]
    assert ticket.state == State.ANSWERED
    assert "请先认领" not in answer
    assert "由李同志负责" in group.hears(HUA, "/reply 我来答", thread=501)

    assert "✓" in group.hears(LI, "/ask 请带户口簿", thread=501)
    assert ticket.state == State.ASKED
    assert told(desks) == ["请带户口簿"]


def test_two_slashes_stay_inside(group: Group, desks: Desks, replies: None) -> None:
    ticket = desks.opens(town="")
    group.topic(ticket)
    group.hears(LI, "/claim", thread=501)
    told(desks)
    for text in ("// 打过电话，没人接", "//打过电话，没人接", "／／ 打过电话，没人接"):
        answer = group.hears(LI, text, thread=501, answers="新工单 T000001")
        assert answer == "✓ T000001 备注已记下，没有发给当事人"
    assert told(desks) == []
    assert {line.text for line in desks.lines(ticket, "noted")} == {"打过电话，没人接"}


def test_a_note_with_a_number_in_it_is_kept_and_warned_of(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    answer = group.hears(LI, "/note T000001 他的电话 13912345678")
    assert answer.startswith("✓")
    assert "请马上把它从群里删掉" in answer
    assert "13912345678" not in answer


def test_every_message_in_a_topic_is_answered_and_talk_elsewhere_is_not(
    group: Group, desks: Desks
) -> None:
    ticket = desks.opens(town="")
    group.topic(ticket)
    assert group.hears(LI, "我明天去看看他", thread=501).startswith("✗ T000001：这条没有发给当事人")
    assert group.hears(LI, "", thread=501, readable=False).startswith("✗ T000001：这里只认文字")
    assert group.hears(LI, "中午吃什么") == ""
    assert group.hears(LI, "", readable=False) == ""
    assert group.hears(LI, "/unknown").startswith("✗ 没有命令 /unknown")
    assert group.hears(LI, "/close").startswith("✗ 请写编号")


def test_a_button_asks_for_what_is_missing_and_the_answer_does_it(
    group: Group, desks: Desks
) -> None:
    ticket = desks.opens(town="")
    question = group.hears(LI, "/note T000001", pressed=True)
    assert question.startswith("备注 T000001：")
    assert "备注已记下" in group.hears(LI, "等民政答复", answers=question)
    assert [line.text for line in desks.lines(ticket, "noted")] == ["等民政答复"]

    group.hears(LI, "/claim T000001")
    question = group.hears(LI, "/assign T000001", pressed=True)
    assert "haimen-law（示例海门法律窗口）" in question
    assert "请写转派原因" in group.hears(LI, "haimen-law", answers=question)
    answer = group.hears(LI, "haimen-law 涉及官司", answers=question)
    assert "✓ T000001 已转到示例海门法律窗口" in answer
    assert desks.lines(ticket, "transferred")[0].text == "涉及官司"

    assert group.hears(LI, "/close? T000001", pressed=True).startswith("✗")
    group.hears(HUA, "/claim T000001")
    assert "要办结 T000001 吗" in group.hears(HUA, "/close? T000001", pressed=True)
    assert ticket.state != State.RESOLVED


def test_a_leader_assigns_and_a_clerk_does_not(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    assert "只有组长或管理员能指派" in group.hears(LI, "/assign T000001 hua")
    assert "✓ T000001 已指派给李同志" in group.hears(HUA, "/assign T000001 李同志")
    assert ticket.owner == desks.staff("li").id
    assert "没有叫“无此人”的同事或部门" in group.hears(HUA, "/assign T000001 无此人")


def test_canned_replies_are_listed_and_sent_by_their_number(
    group: Group, desks: Desks, replies: None
) -> None:
    desks.opens(town="")
    one = canned.write(
        desks.session,
        desks.staff("li"),
        "已收到",
        "{{编号}}已收到，{{承办人}}。",
        "海门区",
        at=MONDAY,
    )
    canned.approve(desks.session, desks.staff("hua"), one, at=MONDAY)
    assert "1. 已收到" in group.hears(LI, "/canned T000001")
    group.hears(LI, "/claim T000001")
    told(desks)
    assert "常用语序号从 1 到 1" in group.hears(LI, "/canned T000001 2")
    assert "✓" in group.hears(LI, "/canned T000001 1")
    assert told(desks) == ["T000001已收到，李同志。"]


def test_time_left_what_is_mine_and_reopening(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    assert group.hears(LI, "/mine") == "✓ 没有李同志手上的工单"
    group.hears(LI, "/claim T000001")
    group.now = MONDAY + timedelta(hours=1)
    line = "T000001 困难帮扶 海门区 · 已认领 · 李同志 · 首次答复还剩 8小时"
    assert group.hears(LI, "/sla T000001") == f"✓ {line}"
    assert group.hears(LI, "/mine") == f"✓ 李同志手上的工单：\n{line}"
    assert "只有已办结的工单才能重开" in group.hears(LI, "/reopen T000001")
    group.hears(LI, "/close T000001")
    assert group.hears(LI, "/reopen T000001") == "✓ T000001 已重开，已告诉当事人"
    assert "/canned" in group.hears(LI, "/help")


def test_a_link_to_the_console_goes_to_the_person_alone(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    answer = group.hears(LI, "/console T000001", pressed=True)
    assert "已私下发给李同志" in answer
    assert "desk.example" not in answer
    [private] = outbox.take(desks.session, Contact("telegram", str(LI)))
    assert private.links[0].url.startswith("https://desk.example/desk/go/")
    link = desks.session.exec(select(ConsoleLink)).one()
    assert (link.staff, link.used_at) == (desks.staff("li").id, None)
    ticket = finding.find(desks.session, "T000001")
    assert [line.actor for line in desks.lines(ticket, "handed")] == ["staff:li"]


def test_what_happens_elsewhere_is_told_in_the_topic(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    li = desks.staff("li")
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    tickets.reply(desks.session, ticket, li, "请来", version=ticket.version, at=MONDAY)
    desks.does(AddToTicket("T000001", "我来不了"))
    tickets.resolve(desks.session, ticket, li, at=MONDAY)
    desks.does(RateTicket("T000001", "bad", "没人理我"))
    desks.session.commit()
    heard = [message.text for message in desks.heard(HAIMEN)]
    assert heard[0].startswith("新工单 T000001")
    assert heard[1:] == [
        "T000001 李同志 认领（已认领）",
        "T000001 李同志 回复（已答复）",
        "T000001 当事人补充说明（处理中）",
        "T000001 李同志 办结（已办结）",
        "T000001 当事人评价：不满意（已办结）",
    ]


def test_a_ticket_that_goes_to_another_county_leaves_the_group(group: Group, desks: Desks) -> None:
    ticket = desks.opens(town="")
    li, rudong = (
        desks.staff("li"),
        desks.session.exec(select(Desk).where(Desk.code == "rudong")).one(),
    )
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    moving.transfer(desks.session, ticket, li, rudong, "搬家了", at=MONDAY)
    desks.session.commit()
    assert "转派：示例如东中心" in desks.heard(HAIMEN)[-1].text
    assert desks.heard(RUDONG)[0].text.startswith("转来工单 T000001，等待认领")
    before = len(desks.heard(HAIMEN))
    tickets.claim(desks.session, ticket, desks.staff("gu"), at=MONDAY)
    desks.session.commit()
    assert len(desks.heard(HAIMEN)) == before
    assert "顾同志 认领" in desks.heard(RUDONG)[-1].text


async def test_rooms_are_called_what_their_tickets_are(group: Group, desks: Desks) -> None:
    ticket = desks.opens()
    desks.session.commit()
    room = await group.rooms.find(CITY, ticket.number)  # 三星站 has no group
    assert room.title == "[新建] T000001 困难帮扶 三星镇"
    await group.rooms.keep(CITY, ticket.number, thread=501, shown=room.title)
    tickets.claim(desks.session, ticket, desks.staff("san"), at=MONDAY)
    desks.session.commit()
    room = await group.rooms.find(CITY, ticket.number)
    assert (room.thread, room.title) == (501, "[已认领] T000001 困难帮扶 三星镇")


async def test_a_group_keeps_its_desk_under_its_new_number(group: Group, desks: Desks) -> None:
    desks.opens(town="")
    desks.session.commit()
    group.rooms.hear(GroupMessage("m", HAIMEN, moved_to=-100_777))
    assert (await group.rooms.find(HAIMEN, "")).chat == -100_777
    assert "✓ T000001 已由李同志接单" in group.hears(LI, "/claim T000001", chat=-100_777)
    again = desks.opens(town="")
    desks.session.commit()
    assert f"/{again.number}" in desks.heard(-100_777)[-1].contact


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=BEIJING)


def test_every_working_morning_each_group_reads_its_counts_once(
    group: Group, desks: Desks, engine: Engine
) -> None:
    desks.opens(town="", at=at("20 09:00"))  # due since Friday evening
    mine = desks.opens(town="", at=at("23 08:00"))
    tickets.claim(desks.session, mine, desks.staff("li"), at=at("23 08:10"))
    desks.session.commit()
    bell = alarms.Bell(CITY)

    def digests(chat: int) -> list[str]:
        return [m.text for m in desks.heard(chat) if "早报" in m.text]

    for moment in ("21 10:00", "22 10:00", "23 08:59"):  # Saturday, Sunday, before the office opens
        watch.look(engine, at(moment), bell)
    assert digests(HAIMEN) == []
    desks.session.commit()
    for _ in range(2):
        watch.look(engine, at("23 09:00"), bell)
    assert len(digests(RUDONG)) == 1
    assert digests(HAIMEN) == [
        "11月23日早报：在办 2 件\n今天到期 1 件，已超时 1 件，未认领 1 件\n"
        "发 /open 看列表，/sla 看快到期的。"
    ]
    assert "在办 0 件" in digests(CITY)[0]
    desks.session.commit()
    watch.look(engine, at("24 11:00"), bell)  # the service was down at nine
    assert len(digests(HAIMEN)) == 2


def test_an_error_is_said_and_nothing_is_done(
    group: Group, desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(dict[str, str]):
        def get(self, *_: object) -> str:  # type: ignore[override]
            raise RuntimeError("broken")

    ticket = desks.opens(town="")
    desks.session.commit()
    group.rooms.settings = effects.Settings(staff_group=CITY, titles=Broken())
    answer = group.hears(LI, "/sla T000001")
    assert answer.startswith("✗ 程序出错，没有办成（错误号")
    assert ticket.owner is None
    assert "broken" in caplog.text


PLANTED = (
    "王建国",
    "13800138000",
    "320684195001011234",
    "和平路",
    "摔断",
    "不想活",
    "腿不好",
    "邻居",
)


def test_a_whole_run_tells_telegram_nothing_personal(
    group: Group, desks: Desks, engine: Engine, replies: None
) -> None:
    """Everything every group and every clerk's private chat was told, whatever was done."""
    story = "我是王建国，摔断了腿，身份证 320684195001011234，住和平路 8 号"
    ticket = desks.opens(town="", details=(("困难", story),))
    desks.does(AlertStaff("explicit", f"{story}，不想活了", "海门区"))
    li, hua = desks.staff("li"), desks.staff("hua")
    for text in ("/claim T1", "/sla T1", "/open", "/mine", "/canned T1", "/console T1"):
        group.hears(LI, text)
    group.hears(LI, "/note T1 王建国，电话 13800138000，住和平路，腿不好")
    group.hears(LI, "/reply T1 王建国您好，请到和平路来\n// 王建国腿不好")
    desks.does(AddToTicket("T000001", f"{story}，打 13800138000"))
    tickets.note(desks.session, ticket, li, story.replace("320684195001011234", ""), at=MONDAY)
    group.hears(LI, "/close T1")
    desks.does(RateTicket("T000001", "bad", f"{story}，邻居都知道"))
    desks.does(AddToTicket("T000001", story))
    desks.session.commit()
    watch.look(engine, at("25 10:00"), alarms.Bell(CITY))
    desks.session.expire_all()
    moving.give_back(desks.session, ticket, li, f"{story}，我办不了", at=at("25 10:01"))
    city = desks.session.exec(select(Desk).where(Desk.code == "city")).one()
    moving.transfer(desks.session, ticket, hua, city, f"{story}，请市里办", at=at("25 10:02"))
    desks.does(ObjectToAnswer(ticket.number, story), at=at("25 10:03"))
    desks.session.commit()
    contact = col(Message.contact)
    abroad = contact.startswith("telegram-staff:") | contact.startswith("telegram:")
    payloads = [
        f"{one.contact} {one.text} {one.extras}"
        for one in desks.session.exec(select(Message).where(abroad)).all()
    ]
    assert len(payloads) > 25
    for words in PLANTED:
        assert not [one for one in payloads if words in one], words
    assert not history.verify(desks.session).problems


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("/claim T12", grouptalk.Wish("claim", "T000012")),
        ("/claim t000012", grouptalk.Wish("claim", "T000012")),
        ("/note T12 等答复\n// 急", grouptalk.Wish("note", "T000012", "等答复\n急")),
        ("/reply 您好\n// 急\n再见", grouptalk.Wish("reply", "T000001", "您好\n再见", "急")),
        ("/canned 2", grouptalk.Wish("canned", "T000001", "2")),
        ("/close", grouptalk.Wish("close", "T000001")),
        ("你好", grouptalk.Wish("chat", "T000001")),
    ],
)
def test_what_is_typed_in_a_topic_is_read(text: str, wish: grouptalk.Wish) -> None:
    assert grouptalk.read(GroupMessage("1", HAIMEN, LI, text, thread=5), "T000001") == wish
