"""The clock of a ticket: promises, pauses, warnings, climbing, absence, crisis."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bot.db.desk import Alarm, DeskRules, Notice
from bot.db.tables import Staff, State, Ticket, TicketEvent
from bot.desk import absence, alarms, clock, finding, promises, rules, tickets, watch
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused
from handlers import effects
from tests.desk.conftest import MONDAY, Desks

BELL = alarms.Bell(-100)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=BEIJING)


def run(desks: Desks, until: datetime) -> None:
    """Let the watch look at every due moment up to one."""
    desks.session.commit()
    engine = desks.session.get_bind()
    assert isinstance(engine, Engine)
    while (due := alarms.next_due(engine)) is not None and due <= until:
        watch.look(engine, due, BELL)
    desks.session.expire_all()


def warned(desks: Desks, ticket: Ticket) -> list[tuple[str, str]]:
    """(day and minute in Nantong, words) of every warning and climb."""
    kinds = ("warned", "climbed", "returned")
    return [
        (f"{line.at.astimezone(BEIJING):%d %H:%M}", line.after or line.text)
        for line in desks.lines(ticket)
        if line.kind in kinds
    ]


def test_a_claimed_ticket_warns_the_owner_then_the_leader_then_the_next_desk_up(
    desks: Desks,
) -> None:
    ticket = desks.opens(town="")  # first answer within 420 working minutes
    tickets.claim(desks.session, ticket, desks.staff("li"), at=MONDAY)
    run(desks, at("24 16:05"))
    assert warned(desks, ticket) == [
        ("23 16:36", "首次答复时限已用 80%，已提醒：李同志"),
        ("23 18:00", "首次答复已超时，已提醒：李同志、华组长"),
        ("24 14:30", "首次答复已用时限的 150%，已提醒：李同志、华组长、周主任"),
    ]


def test_after_the_last_warning_it_repeats_until_somebody_acts(desks: Desks) -> None:
    ticket = desks.opens(town="")
    tickets.claim(desks.session, ticket, desks.staff("li"), at=MONDAY)
    run(desks, at("25 14:30"))
    repeats = [moment for moment, words in warned(desks, ticket) if "仍超时" in words]
    assert repeats == ["24 18:00", "25 14:30"]  # every 210 working minutes

    tickets.note(desks.session, ticket, desks.staff("li"), "在等民政", at=at("25 15:00"))
    run(desks, at("26 14:30"))
    repeats = [moment for moment, words in warned(desks, ticket) if "仍超时" in words]
    assert repeats == ["24 18:00", "25 14:30", "26 14:30"]  # that of the 25th, 18:00, is missing


def test_nobody_claims_so_the_leader_hears_and_the_ticket_climbs(desks: Desks) -> None:
    ticket = desks.opens()  # 三星镇
    due = ticket.due_at
    run(desks, at("24 09:00"))
    assert warned(desks, ticket)[:4] == [
        ("23 14:30", "还没有人认领，已提醒：三同志、华组长"),
        ("23 16:36", "首次答复时限已用 80%，已提醒：三同志"),
        ("23 18:00", "还没有人认领，已提醒：三同志、华组长"),
        ("23 18:00", "示例海门中心"),
    ]
    # Those who have it now are told that it is late already.
    assert warned(desks, ticket)[4] == ("23 18:00", "首次答复已超时，已提醒：李同志、华组长")
    run(desks, at("26 18:00"))
    climbs = desks.lines(ticket, "climbed")
    assert [line.after for line in climbs] == ["示例海门中心", "示例市中心"]
    assert ticket.due_at == due


def test_an_answer_ends_the_warnings_and_a_question_starts_new_ones(desks: Desks) -> None:
    ticket = desks.opens(town="")
    li = desks.staff("li")
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    tickets.reply(desks.session, ticket, li, "请来", version=ticket.version, at=MONDAY)
    desks.does(effects.AddToTicket(ticket.number, "哪天？"), at=MONDAY)  # next within 210
    run(desks, at("23 17:30"))
    assert [moment for moment, _ in warned(desks, ticket)] == ["23 11:48", "23 14:30", "23 16:15"]
    assert promises.due(ticket) == at("23 14:30")


def test_the_clock_stands_while_the_person_is_to_bring_something(desks: Desks) -> None:
    ticket = desks.opens(town="")  # done within 4200 working minutes: ten days
    li = desks.staff("li")
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    whole = ticket.resolve_due_at
    tickets.ask(desks.session, ticket, li, "请带户口簿", version=ticket.version, at=at("23 10:00"))
    assert promises.due(ticket) is None
    run(desks, at("25 10:00"))
    assert warned(desks, ticket) == []

    desks.does(effects.AddToTicket(ticket.number, "带来了"), at=at("25 10:00"))
    assert (ticket.state, ticket.paused_minutes) == (State.WORKING, 840)
    hours = clock.Working(rules.load(desks.session).frames)
    assert whole is not None
    assert ticket.resolve_due_at == hours.add(whole, timedelta(minutes=840))
    eighty = hours.add(at("25 10:00"), timedelta(minutes=4200 * 0.8 - 60))
    resolve = select(Alarm.due_at).where(Alarm.promise == "resolve", col(Alarm.fired_at).is_(None))
    assert desks.session.exec(resolve).one() == eighty


def test_a_crisis_is_called_in_minutes_at_night_until_somebody_takes_it(desks: Desks) -> None:
    night = at("22 23:30")  # a Sunday
    desks.does(effects.AlertStaff("explicit", "不想活了", "海门区"), at=night)
    desks.session.commit()
    engine = desks.session.get_bind()
    assert isinstance(engine, Engine)
    for minute in range(21):
        watch.look(engine, night + timedelta(minutes=minute), BELL)
    desks.session.expire_all()
    ticket = finding.find(desks.session, "T000001")
    calls = [line for line in desks.lines(ticket, "warned") if "紧急求助" in line.text]
    called = [round((line.at - night).total_seconds() / 60) for line in calls]
    assert called == [0, 3, 6, 10, 15, 20]
    assert "李同志、华组长" in calls[0].text
    assert all("周主任" in line.text for line in calls[3:])

    tickets.claim(desks.session, ticket, desks.staff("hua"), at=night + timedelta(minutes=21))
    desks.session.commit()
    watch.look(engine, night + timedelta(hours=1), BELL)
    desks.session.expire_all()
    calls = [line for line in desks.lines(ticket, "warned") if "紧急求助" in line.text]
    assert len(calls) == 6
    heard = desks.heard(-100)
    assert heard
    assert all("不想活" not in message.text for message in heard)


def test_two_watchers_ring_each_moment_once(engine: Engine, desks: Desks) -> None:
    for _ in range(10):
        desks.opens(town="")
    desks.session.commit()
    gate = threading.Barrier(3)

    def look() -> None:
        gate.wait()
        watch.look(engine, at("23 14:30"), BELL)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    query = select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "warned")
    assert desks.session.exec(query).one() == 10


def test_what_came_due_while_the_service_was_down_rings_when_it_is_back(
    engine: Engine, desks: Desks
) -> None:
    ticket = desks.opens(town="")
    tickets.claim(desks.session, ticket, desks.staff("li"), at=MONDAY)
    desks.session.commit()
    watch.look(engine, at("24 10:00"), BELL)
    watch.look(engine, at("24 10:01"), BELL)
    desks.session.expire_all()
    # One warning for all that was missed, the next at its own moment.
    assert [moment for moment, _ in warned(desks, ticket)] == ["24 10:00"]
    desks.session.rollback()
    assert alarms.next_due(engine) == at("24 14:30")


@pytest.mark.parametrize("how", ["away", "disabled"])
def test_the_tickets_of_somebody_absent_go_back_to_the_queue(
    engine: Engine, desks: Desks, how: str
) -> None:
    ticket, paused = desks.opens(town=""), desks.opens(town="")
    li = desks.staff("li")
    for one in (ticket, paused):
        tickets.claim(desks.session, one, li, at=MONDAY)
    tickets.ask(desks.session, paused, li, "证件", version=paused.version, at=MONDAY)
    if how == "away":
        hours = {"start": at("23 14:00"), "end": at("25 09:00")}
        absence.leave(desks.session, li, **hours, by="staff:hua", at=MONDAY)
    else:
        li.disabled_at = at("23 14:00")
    desks.session.commit()
    before = at("23 13:59") if how == "away" else MONDAY
    if how == "away":
        assert absence.return_tickets(engine, before) == 0
    assert absence.return_tickets(engine, at("23 14:00")) == 2
    assert absence.return_tickets(engine, at("23 14:01")) == 0
    desks.session.expire_all()
    assert [(one.owner, one.state) for one in (ticket, paused)] == [
        (None, State.NEW),
        (None, State.ASKED),
    ]
    assert "不在岗" in desks.lines(ticket, "returned")[0].text


def test_an_absence_that_ends_before_it_begins_is_refused(desks: Desks) -> None:
    with pytest.raises(Refused, match="要晚于"):
        absence.leave(
            desks.session, desks.staff("li"), start=at("24 09:00"), end=at("23 09:00"),
            by="staff:li", at=MONDAY,
        )  # fmt: skip


def test_promises_differ_by_service_and_priority(desks: Desks) -> None:
    assert desks.opens().due_at == at("23 18:00")  # by the rule: 420 minutes
    assert desks.opens(service="job-help").due_at == at("26 09:00") - timedelta(hours=15)
    assert desks.opens(service="job-help", priority="high").due_at == at("23 14:30")


def test_without_desks_everybody_of_the_county_is_warned(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session:
        assert session.exec(select(DeskRules)).first() is None
        session.add_all(
            Staff(username=name, name=name, password_hash="-", county=county)
            for name, county in (("li", "海门区"), ("gu", "如东县"))
        )
        ticket = Desks(session).opens(service="x")
        session.commit()
        watch.look(engine, ticket.due_at, BELL)
        told = session.exec(select(Staff.name).join(Notice, col(Notice.staff) == Staff.id)).all()
    assert set(told) == {"li"}


def test_nothing_personal_ever_goes_to_telegram(engine: Engine, desks: Desks) -> None:
    """Every payload for a group: number, kind and county, whatever happens to a ticket."""
    ticket = desks.opens(
        details=(("困难", "王建国摔断了腿，身份证 320684195001011234，住和平路 8 号"),)
    )
    desks.does(effects.AlertStaff("explicit", "我是王建国，不想活了", "海门区"))
    desks.does(effects.AddToTicket(ticket.number, "打我电话 13800138000"))
    run(desks, at("23 11:00"))
    texts = [f"{message.contact} {message.text} {message.extras}" for message in desks.heard(-100)]
    assert len(texts) > 8
    personal = ("王建国", "13800138000", "3206841950", "和平路", "摔断", "三星镇", "不想活")
    for words in (*personal, *desks.session.exec(select(Staff.name)).all()):
        assert not [text for text in texts if words in text], words
