"""States and moves: what is possible, what is refused, what the person and colleagues hear."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.db import outbox
from bot.db.tables import Desk, Staff, State, Ticket
from bot.desk import finding, moving, notices, tickets
from bot.desk.finding import NotYours, Refused
from handlers import effects
from handlers.messages import Contact
from tests.desk.conftest import MONDAY, Desks

LATER = MONDAY + timedelta(hours=1)


def bring(desks: Desks, ticket: Ticket, state: str) -> None:
    """Take a new ticket to a state by legal moves of 李同志."""
    li = desks.staff("li")
    if state == State.NEW:
        return
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    if state == State.WORKING:
        tickets.begin(desks.session, ticket, li, at=MONDAY)
    if state == State.ASKED:
        tickets.ask(desks.session, ticket, li, "请带证件", version=ticket.version, at=MONDAY)
    if state == State.ANSWERED:
        tickets.reply(desks.session, ticket, li, "好", version=ticket.version, at=MONDAY)
    if state == State.RESOLVED:
        tickets.resolve(desks.session, ticket, li, at=MONDAY)


def act(desks: Desks, what: str, ticket: Ticket) -> None:
    session, li = desks.session, desks.staff("li")
    match what:
        case "reply" | "ask":
            move = tickets.reply if what == "reply" else tickets.ask
            move(session, ticket, li, "话", version=ticket.version, at=LATER)
        case "give back":
            moving.give_back(session, ticket, li, "有事", at=LATER)
        case "transfer":
            to = session.exec(select(Desk).where(Desk.code == "city")).one()
            moving.transfer(session, ticket, desks.staff("hua"), to, "归市里办", at=LATER)
        case _:
            getattr(tickets, what)(session, ticket, li, at=LATER)


MOVES = ("begin", "ask", "reply", "resolve", "give back", "transfer", "reopen")


@pytest.mark.parametrize("what", MOVES)
@pytest.mark.parametrize("state", list(State))
def test_every_move_is_possible_exactly_where_the_table_says(
    desks: Desks, state: State, what: str
) -> None:
    ticket = desks.opens(town="")
    bring(desks, ticket, state)
    assert ticket.state == state
    expected = tickets.MOVES[what].get(state)
    before = len(desks.lines(ticket))
    if expected is None:
        with pytest.raises(Refused):
            act(desks, what, ticket)
        assert (ticket.state, len(desks.lines(ticket))) == (state, before)
        return
    if what == "transfer" or state != State.NEW:
        act(desks, what, ticket)
        assert ticket.state == expected
        line = desks.lines(ticket)[-1]
        assert line.actor.startswith("staff:")
        assert line.at == LATER


def test_of_many_clerks_at_once_one_wins_and_the_others_are_told_who(
    engine: Engine, desks: Desks
) -> None:
    number = desks.opens().number
    desks.session.commit()
    gate, told = threading.Barrier(4), []

    def take(username: str) -> None:
        with Session(engine) as session:
            staff = session.exec(select(Staff).where(Staff.username == username)).one()
            session.rollback()
            gate.wait()
            try:
                tickets.claim(session, finding.find(session, number, lock=True), staff)
                session.commit()
                told.append("")
            except Refused as refusal:
                told.append(str(refusal))

    threads = [threading.Thread(target=take, args=(u,)) for u in ("li", "hua", "san", "zhou")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desks.session.expire_all()
    owner = desks.session.get(Staff, finding.find(desks.session, number).owner)
    assert owner is not None
    assert sorted(told) == ["", *[f"这张工单已由{owner.name}认领"] * 3]


def test_a_transfer_needs_a_reason_and_leaves_the_first_promise(desks: Desks) -> None:
    ticket = desks.opens()
    due, li = ticket.due_at, desks.staff("li")
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    city = desks.session.exec(select(Desk).where(Desk.code == "city")).one()
    with pytest.raises(Refused, match="请写转派原因"):
        moving.transfer(desks.session, ticket, li, city, " ", at=LATER)
    moving.transfer(desks.session, ticket, li, city, "要市里定", at=LATER)
    assert (ticket.owner, ticket.state, ticket.due_at) == (None, State.NEW, due)
    line = desks.lines(ticket, "transferred")[0]
    assert (line.before, line.after, line.text) == ("示例三星站", "示例市中心", "要市里定")
    assert "转到示例市中心" in notices.unseen(desks.session, desks.staff("zhou"))[0].text


def test_a_transfer_to_another_county_takes_the_ticket_out_of_sight(desks: Desks) -> None:
    ticket = desks.opens()
    li = desks.staff("li")
    tickets.claim(desks.session, ticket, li, at=MONDAY)
    rudong = desks.session.exec(select(Desk).where(Desk.code == "rudong")).one()
    moving.transfer(desks.session, ticket, li, rudong, "户口在如东", at=LATER)
    with pytest.raises(NotYours):
        finding.find(desks.session, ticket.number, staff=li)
    assert finding.find(desks.session, ticket.number, staff=desks.staff("gu")) is ticket


@pytest.mark.parametrize(
    ("username", "allowed"), [("hua", True), ("san", False), ("gu", False), ("an", False)]
)
def test_only_the_owner_or_a_leader_hands_a_ticket_on(
    desks: Desks, username: str, allowed: bool
) -> None:
    ticket = desks.opens()
    tickets.claim(desks.session, ticket, desks.staff("li"), at=MONDAY)
    somebody = desks.staff(username)
    if allowed:
        moving.give_back(desks.session, ticket, somebody, "李同志出差", at=LATER)
        assert ticket.owner is None
    else:
        with pytest.raises(Refused, match="只有承办人、组长或管理员"):
            moving.give_back(desks.session, ticket, somebody, "想退", at=LATER)


def test_a_leader_assigns_within_the_county(desks: Desks) -> None:
    ticket = desks.opens()
    moving.assign(desks.session, ticket, desks.staff("hua"), desks.staff("li"), at=LATER)
    assert (ticket.owner, ticket.state) == (desks.staff("li").id, State.CLAIMED)
    with pytest.raises(Refused, match="不能办这个区县"):
        moving.assign(desks.session, ticket, desks.staff("hua"), desks.staff("gu"), at=LATER)
    with pytest.raises(Refused, match="只有组长"):
        moving.assign(desks.session, ticket, desks.staff("li"), desks.staff("san"), at=LATER)


def test_a_note_is_never_sent(desks: Desks) -> None:
    ticket = desks.opens()
    outbox.take(desks.session, Contact.parse(ticket.contact))
    tickets.note(desks.session, ticket, desks.staff("li"), "他上次吵过", at=LATER)
    desks.session.commit()
    assert outbox.take(desks.session, Contact.parse(ticket.contact)) == []
    assert desks.lines(ticket, "noted")[0].text == "他上次吵过"


def test_merged_tickets_answer_to_both_numbers(desks: Desks) -> None:
    first, second = desks.opens(), desks.opens(at=LATER)
    assert finding.duplicates(desks.session, second) == [first]
    li = desks.staff("li")
    moving.merge(desks.session, second, first, li, at=LATER)
    assert (second.state, second.merged_into) == (State.RESOLVED, first.number)
    added = desks.does(effects.AddToTicket(second.number, "还有一件事"))
    assert added == first.number
    assert [line.text for line in desks.lines(first, "added")] == ["还有一件事"]
    assert any(second.number in label for label, _ in first.details)
    with pytest.raises(Refused, match="已并入"):
        tickets.reopen(desks.session, second, li, at=LATER)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"contact": "terminal:other"}, "同一个人"),
        ({}, "已办结的工单不能合并"),
    ],
)
def test_what_cannot_be_merged(desks: Desks, other: dict[str, str], said: str) -> None:
    first, second = desks.opens(), desks.opens(**other)
    if not other:
        bring(desks, first, State.RESOLVED)
    with pytest.raises(Refused, match=said):
        moving.merge(desks.session, second, first, desks.staff("li"), at=LATER)


@pytest.mark.parametrize(("days", "same"), [(0, True), (15, True), (15.001, False), (400, False)])
def test_within_fifteen_days_a_ticket_reopens_and_later_a_new_one_follows(
    desks: Desks, days: float, same: bool
) -> None:
    ticket = desks.opens(town="")
    bring(desks, ticket, State.RESOLVED)
    at = MONDAY + timedelta(days=days)
    number = desks.does(effects.AddToTicket(ticket.number, "没解决"), at=at)
    assert (number == ticket.number) == same
    assert (ticket.state == State.RESOLVED) != same
    found = finding.find(desks.session, number)
    assert same or (found.follows, found.desk) == (ticket.number, ticket.desk)


def test_nobody_touches_the_ticket_of_another(desks: Desks) -> None:
    ticket = desks.opens(town="")
    bring(desks, ticket, State.ANSWERED)
    stranger = "terminal:stranger"
    lines = len(desks.lines(ticket))
    for effect, nothing in (
        (effects.AddToTicket(ticket.number, "我的"), ""),
        (effects.WithdrawTicket(ticket.number, "我的"), False),
        (effects.ObjectToAnswer(ticket.number, "我的"), ""),
        (effects.RateTicket(ticket.number, "bad"), None),
    ):
        assert desks.does(effect, contact=stranger) == nothing
    assert len(desks.lines(ticket)) == lines


def test_objecting_once_brings_the_next_desk_up(desks: Desks) -> None:
    ticket = desks.opens(town="")
    assert desks.does(effects.ObjectToAnswer(ticket.number, "还没答")) == ""
    bring(desks, ticket, State.ANSWERED)
    assert desks.does(effects.ObjectToAnswer(ticket.number, "没说清"), at=LATER) == "示例市中心"
    assert (ticket.owner, ticket.state) == (None, State.NEW)
    assert desks.does(effects.ObjectToAnswer(ticket.number, "再来"), at=LATER) == ""


def test_dissatisfaction_makes_one_call_back_task(desks: Desks) -> None:
    ticket = desks.opens(town="")
    rating = effects.RateTicket(ticket.number, "bad", "太慢")
    assert desks.does(rating) is None
    bring(desks, ticket, State.RESOLVED)
    number = desks.does(rating, at=LATER)
    task = finding.find(desks.session, number)
    assert (task.service, task.follows, task.desk) == ("callback", ticket.number, ticket.desk)
    assert "回访" in notices.unseen(desks.session, desks.staff("hua"))[0].text
    assert desks.does(rating, at=LATER) == ""
    assert desks.does(effects.RateTicket(ticket.number, "good"), at=LATER) == ""
    assert [(line.before, line.after) for line in desks.lines(ticket, "rated")] == [
        ("", "不满意"),
        ("不满意", "不满意"),
        ("不满意", "满意"),
    ]


def test_a_withdrawn_request_is_closed_and_stays_in_the_history(desks: Desks) -> None:
    ticket = desks.opens(town="")
    bring(desks, ticket, State.WORKING)
    assert desks.does(effects.WithdrawTicket(ticket.number, "已经解决"), at=LATER)
    assert (ticket.state, ticket.queue_at) == (State.RESOLVED, None)
    assert not desks.does(effects.WithdrawTicket(ticket.number, "再撤"), at=LATER)
    assert "撤回" in notices.unseen(desks.session, desks.staff("li"))[0].text
