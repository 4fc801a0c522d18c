"""One update in, one transaction out – on both databases, with many people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from bot.db import outbox
from bot.db.learning import Unanswered
from bot.db.tables import Conversation, Message, Status, Ticket, TicketEvent, now
from bot.service import Service
from handlers.messages import Choice, Contact, Update
from knowledge.base import Knowledge
from tests.person import Person

REQUEST = ["/request other-help", "邻居占了我家的地，想反映", "去年", "海门区", "三星镇"]
FINISH = ["13900138000", "同意", "1"]


def test_a_redelivered_update_is_answered_once(service: Service, engine: Engine) -> None:
    update = Update("same", Contact("terminal", "9"), "你好")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: service.receive(update), range(16)))
    with Session(engine) as session:
        assert len(outbox.take(session, update.contact)) == 1


def test_two_hundred_people_at_once_get_exactly_their_tickets(
    service: Service, engine: Engine
) -> None:
    lines = [*REQUEST, *FINISH]

    def talk(number: int) -> None:
        for step, line in enumerate(lines):
            service.receive(Update(str(step), Contact("terminal", str(number)), line))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(talk, range(200)))
    with Session(engine) as session:
        assert session.exec(select(func.count()).select_from(Ticket)).one() == 200
        assert session.exec(select(func.count(func.distinct(Ticket.number)))).one() == 200
        opened = select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "opened")
        assert session.exec(opened).one() == 200


def test_a_handler_that_raises_costs_one_polite_line(
    engine: Engine, knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(knowledge, library=None)  # type: ignore[arg-type]
    person = Person(Service(engine, broken), Contact("terminal", "1"))
    [said] = person.says("优待证怎么办")
    assert "没有处理成功" in said
    assert "编号" in said
    assert said.split("编号 ")[1][:6] in caplog.text
    assert person.says("我不想活了")[0].count("12356") == 1


def test_questions_nothing_answers_are_noted_once_each_and_only_if_they_are_dealt_with(
    service: Service, engine: Engine
) -> None:
    asked = [
        Update(str(n), Contact("terminal", str(n)), f"月球上第{n}个环形山归谁管") for n in range(3)
    ]
    assert service.receive_all(asked) == [None] * 3
    assert service.receive_all(asked) == [None] * 3
    service.observe = lambda turn: turn.replies[9]  # type: ignore[assignment,return-value]
    service.receive_all([Update("9", Contact("terminal", "9"), "木星上的环形山归谁管")])
    with Session(engine) as session:
        noted = session.exec(select(Unanswered.question).order_by(col(Unanswered.id))).all()
    assert noted == [one.text for one in asked]


def test_a_broken_handler_leaves_the_conversation_as_it_was(
    service: Service, engine: Engine, knowledge: Knowledge, person: Person
) -> None:
    for line in REQUEST[:2]:
        person.says(line)
    person.service = Service(engine, replace(knowledge, library=None))  # type: ignore[arg-type]
    assert "没有处理成功" in person.says("去年")[0]
    person.service = service
    assert "哪个县市区" in person.says("去年")[0]


def test_a_database_that_is_away_raises_and_nothing_happened(
    service: Service, engine: Engine
) -> None:
    update = Update("1", Contact("terminal", "1"), "你好")

    def away(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("gone"))

    event.listen(engine, "before_cursor_execute", away)
    with pytest.raises(OperationalError):
        service.receive(update)
    event.remove(engine, "before_cursor_execute", away)
    service.receive(update)
    with Session(engine) as session:
        assert len(outbox.take(session, update.contact)) == 1


def test_identity_numbers_and_phones_are_masked_before_they_are_stored(
    engine: Engine, person: Person
) -> None:
    person.says("我身份证 320624195001011234，电话13900138000，卡6222021234567890123，打12345没用")
    with Session(engine) as session:
        stored = session.exec(select(Message.text).where(Message.status == Status.RECEIVED)).one()
        gap = session.exec(select(Unanswered.question)).first()
    for text in (stored, gap or ""):
        assert "320624" not in text
        assert "13900138000" not in text
        assert "622202" not in text
    assert "12345" in stored


def test_personal_data_is_unreadable_in_the_database(engine: Engine, person: Person) -> None:
    for line in [*REQUEST, *FINISH]:
        person.says(line)
    with engine.connect() as connection:
        for table in ("ticket", "message", "conversation", "ticketevent"):
            rows = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608
            assert "13900138000" not in rows
            assert "邻居占了" not in rows


def test_an_open_question_is_shown_again_after_a_long_absence(
    service: Service, engine: Engine, person: Person
) -> None:
    for line in REQUEST[:2]:
        person.says(line)
    with Session(engine) as session:
        conversation = session.get(Conversation, str(person.contact))
        assert conversation is not None
        conversation.updated_at = now() - timedelta(days=3)
        session.commit()
    heard = person.says("优待证丢了怎么补办")
    assert "还没填完" in heard[0]
    assert "什么时候开始" in heard[1]
    assert "哪个县市区" in person.says("去年")[0]


def test_forgetting_erases_messages_and_the_personal_part_of_tickets(
    engine: Engine, person: Person, somebody: Callable[[str], Person]
) -> None:
    other = somebody("2")
    for line in [*REQUEST, *FINISH]:
        person.says(line)
        other.says(line)
    person.says("忘记我")
    [heard] = person.presses("确定删除")
    with Session(engine) as session:
        mine, theirs = session.exec(select(Ticket).order_by(col(Ticket.id))).all()
        assert (mine.phone, mine.details, mine.contact) == ("", [], "forgotten:")
        assert theirs.phone == "13900138000"
        left = session.exec(select(Message).where(Message.contact == str(person.contact))).all()
        kept = {Status.RECEIVED: "", Status.SENT: heard}  # a repeat is known; "已删除" itself
        assert {message.status: message.text for message in left} == kept
    assert f"编号和日期，没有内容：{mine.number}（" in heard


def test_the_staff_group_hears_number_kind_and_county_only(engine: Engine, person: Person) -> None:
    for line in [*REQUEST, *FINISH]:
        person.says(line)
    with Session(engine) as session:
        [said] = outbox.take(session, Contact("telegram-staff", "-100/T000001"))
    assert "T000001" in said.text
    assert "其他求助" in said.text
    assert "海门区" in said.text
    for personal in ("13900138000", "邻居", "三星镇"):
        assert personal not in said.text
    assert said.choices[0] == Choice("/claim T000001", "接单")
