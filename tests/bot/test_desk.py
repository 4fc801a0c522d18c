"""The desk beyond the console: the staff group's button, working days, who sees a crisis."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.channels.staffroom import GroupMessage
from bot.db import outbox
from bot.db.tables import Staff, Ticket, now
from bot.desk import clock, queues, tickets
from bot.service import Service
from bot.staffrooms import Staffrooms
from handlers.messages import Contact, Update
from tests.person import Person

GROUP = -100
CLERKS = {
    "li": ("李同志", "海门区", 11),
    "wang": ("王同志", "海门区", 12),
    "gu": ("顾同志", "如东县", 13),
}
REQUEST = (
    "/request other-help",
    "邻居占了我家的地",
    "去年",
    "海门区",
    "三星镇",
    "13900138000",
    "1",
    "1",
)


@pytest.fixture
def request_of_haimen(engine: Engine, person: Person) -> str:
    """A ticket of 海门区 and clerks of two counties; what the group heard so far is read."""
    with Session(engine) as session:
        for username, (name, county, number) in CLERKS.items():
            session.add(
                Staff(
                    username=username,
                    name=name,
                    county=county,
                    telegram_id=number,
                    password_hash="-",
                )
            )
        session.commit()
    for line in REQUEST:
        person.says(line)
    with Session(engine) as session:
        heard(session, "T000001")
    return "T000001"


def heard(session: Session, number: str = "") -> str:
    """What the group read since last time: in its topics, then for all."""
    topic = outbox.take(session, Contact("telegram-staff", f"{GROUP}/{number}"))
    everybody = outbox.take(session, Contact("telegram-staff", str(GROUP)))
    return "\n".join(reply.text for reply in (*topic, *everybody))


def press(service: Service, engine: Engine, telegram_id: int, number: str) -> str:
    """Somebody in the group presses 接单; what the group reads then."""
    said = GroupMessage(
        f"{telegram_id}-{number}", GROUP, telegram_id, f"/claim {number}", pressed=True
    )
    Staffrooms(engine, service.settings).hear(said)
    with Session(engine) as session:
        return heard(session, number)


def test_of_two_clerks_in_the_group_one_takes_the_ticket(
    service: Service, engine: Engine, request_of_haimen: str, person: Person
) -> None:
    assert "已由李同志接单" in press(service, engine, 11, request_of_haimen)
    assert "已由李同志认领" in press(service, engine, 12, request_of_haimen)
    assert "已由李同志接手" in person.reads()[0]


@pytest.mark.parametrize(
    ("telegram_id", "said"), [(13, "不归您所在的区县"), (99, "还没有绑定工作人员")]
)
def test_a_colleague_of_another_county_and_a_stranger_take_nothing(
    service: Service, engine: Engine, request_of_haimen: str, telegram_id: int, said: str
) -> None:
    assert said in press(service, engine, telegram_id, request_of_haimen)
    with Session(engine) as session:
        assert session.exec(select(Ticket.owner)).one() is None


def test_progress_names_the_minute_and_says_when_it_is_late(
    engine: Engine, request_of_haimen: str, person: Person
) -> None:
    [due] = re.findall(r"最迟 (\d+月\d+日 \d\d:\d\d) 前联系您", person.says("进度")[0])
    with Session(engine) as session:
        session.exec(select(Ticket)).one().due_at -= timedelta(days=30)
        session.commit()
    late = person.says("进度")[0]
    assert "已晚于约定的" in late
    assert due not in late


def test_what_a_person_withdrew_is_not_called_done(request_of_haimen: str, person: Person) -> None:
    person.says(f"/withdraw {request_of_haimen}")
    person.says("yes")
    assert "：您已撤回" in person.says("进度")[0]
    person.says(f"/add {request_of_haimen}")
    person.says("还是想办")
    assert "已收到，等待工作人员接手" in person.says("进度")[0]


def test_a_crisis_of_unknown_county_is_seen_by_every_county_first(
    engine: Engine, request_of_haimen: str, person: Person
) -> None:
    person.service.receive(Update("x", Contact("terminal", "unknown"), "我不想活了"))
    with Session(engine) as session:
        for clerk in session.exec(select(Staff)).all():
            found, _ = queues.fetch(session, clerk, queues.Asked(), now=now())
            first = found[0]
            assert first.priority == "crisis"
            assert tickets.may_see(session, clerk, first)


def test_the_person_is_told_nothing_twice_when_a_clerk_claims_again(
    engine: Engine, request_of_haimen: str, person: Person
) -> None:
    with Session(engine) as session:
        clerk = session.exec(select(Staff).where(Staff.username == "li")).one()
        ticket = tickets.find(session, request_of_haimen, staff=clerk, lock=True)
        tickets.claim(session, ticket, clerk)
        tickets.claim(session, ticket, clerk)
        session.commit()
    assert len(person.reads()) == 1


def test_what_a_person_adds_reopens_a_resolved_ticket(
    engine: Engine, request_of_haimen: str, person: Person
) -> None:
    with Session(engine) as session:
        clerk = session.exec(select(Staff).where(Staff.username == "li")).one()
        ticket = tickets.find(session, request_of_haimen, staff=clerk)
        tickets.claim(session, ticket, clerk)
        tickets.resolve(session, ticket, clerk)
        session.commit()
    person.reads()
    person.says("进度")
    person.presses("补充 T000001")
    assert "已补充到 T000001" in person.says("地还是没有还给我")[0]
    with Session(engine) as session:
        assert session.exec(select(Ticket.state)).one() == "已认领"


def test_nobody_adds_to_the_ticket_of_another(
    engine: Engine, request_of_haimen: str, service: Service
) -> None:
    stranger = Person(service, Contact("terminal", "stranger"))
    stranger.says(f"/add {request_of_haimen}")
    assert "没有找到您名下的" in stranger.says("这是我的")[0]


def test_a_reply_over_a_colleagues_answer_is_refused(
    engine: Engine, request_of_haimen: str
) -> None:
    with Session(engine) as session:
        clerk = session.exec(select(Staff).where(Staff.username == "li")).one()
        ticket = tickets.find(session, request_of_haimen, staff=clerk)
        tickets.claim(session, ticket, clerk)
        seen = ticket.version
        tickets.reply(session, ticket, clerk, "您好", version=seen)
        with pytest.raises(tickets.Refused, match="有了新内容"):
            tickets.reply(session, ticket, clerk, "您好", version=seen)
        session.rollback()


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23T01:00", 3, "2026-11-26T18:00+08:00"),
        ("2026-11-27T01:00", 1, "2026-11-30T18:00+08:00"),  # over a week-end
        ("2026-09-30T01:00", 1, "2026-10-08T18:00+08:00"),  # over the National Day holidays
        ("2026-11-22T23:00", 1, "2026-11-24T18:00+08:00"),  # already Monday in Nantong
    ],
)
def test_promised_times_count_working_days(start: str, days: int, due: str) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert clock.add_working_days(moment, days) == datetime.fromisoformat(due)


def test_a_year_without_published_holidays_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert clock.is_working_day(date(2050, 1, 3))
    assert "2050" in caplog.text


def test_the_group_hears_of_a_crisis_without_the_persons_words(
    engine: Engine, service: Service
) -> None:
    Person(service, Contact("telegram", "7")).says("我喝了农药，在三星镇")
    with Session(engine) as session:
        said = heard(session, "T000001")
    assert "【紧急】" in said
    assert "农药" not in said
    assert "三星" not in said
