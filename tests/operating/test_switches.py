"""Switched off: people read the notice, danger to life is answered, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.testclient import TestClient

from bot.app import App
from bot.config import Settings
from bot.db.tables import Message, TicketEvent
from bot.operating import switches
from bot.operating.switches import LiveSwitches
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.person import Person

NOTICE = "系统维护到今晚八点。"


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    """One kind is enough: nothing here depends on the database."""
    return sqlite


@pytest.fixture
def live(engine: Engine, service: Service) -> LiveSwitches:
    return LiveSwitches(engine, lambda closings: setattr(service, "closings", closings))


@pytest.fixture
def switch(engine: Engine, live: LiveSwitches) -> Callable[[str, str | None], None]:
    def set_to(name: str, notice: str | None) -> None:
        switches.switch(engine, name, notice, "system")
        live.refresh()

    return set_to


@pytest.fixture
def veteran(service: Service) -> Person:
    return Person(service, Contact("web", "1"))


Switch = Callable[[str, str | None], None]


def test_with_answers_off_no_policy_is_told_and_requests_go_on(
    switch: Switch, veteran: Person
) -> None:
    switch("answers", NOTICE)
    for question in ("优待证丢了怎么补办", "/article rural-veteran-60", "优待", "什么是量子力学"):
        assert veteran.says(question)[0].startswith(NOTICE), question
    assert veteran.says("我能享受哪些待遇")[0].startswith(NOTICE)
    assert veteran.says("算一算")[0].startswith(NOTICE)
    assert "困难帮扶" in veteran.says("/request hardship-aid")[0]
    veteran.says("取消")
    assert NOTICE not in veteran.says("进度")[0]
    switch("answers", None)
    assert NOTICE not in veteran.says("优待证丢了怎么补办")[0]


def test_figures_worked_out_half_way_are_not_told_either(switch: Switch, veteran: Person) -> None:
    veteran.says("我能享受哪些待遇")
    switch("answers", NOTICE)
    assert veteran.says("本人")[0].startswith(NOTICE)


def test_a_closed_channel_tells_so_and_keeps_what_was_said(
    switch: Switch, veteran: Person, engine: Engine, service: Service
) -> None:
    switch("web", NOTICE)
    said = veteran.says("优待证丢了怎么补办")
    assert said[0].startswith(NOTICE)
    assert "12345" in said[0]
    with Session(engine) as session:
        assert "优待证丢了怎么补办" in session.exec(select(Message.text)).all()
    other = Person(service, Contact("terminal", "1"))
    assert NOTICE not in other.says("优待证丢了怎么补办")[0]


@pytest.mark.parametrize("name", ["web", "answers"])
def test_danger_to_life_is_answered_whatever_is_off(
    switch: Switch, veteran: Person, name: str
) -> None:
    switch(name, NOTICE)
    said = veteran.says("我不想活了，今晚就去跳江")[0]
    assert "120" in said
    assert NOTICE not in said


def test_a_form_half_filled_in_is_still_there_when_the_channel_opens(
    switch: Switch, veteran: Person
) -> None:
    asked = veteran.says("/request hardship-aid")[-1]
    switch("web", NOTICE)
    veteran.says("本人")
    switch("web", None)
    assert veteran.says("看不懂的回答")[-1] == asked


def test_what_is_switched_is_in_the_history(engine: Engine) -> None:
    switches.switch(engine, "web", "", "staff:zhao")
    switches.switch(engine, "web", None, "staff:zhao")
    with Session(engine) as session:
        lines = session.exec(select(TicketEvent).where(TicketEvent.kind == "switched")).all()
        assert [(line.actor, line.before, line.after) for line in lines] == [
            ("staff:zhao", "web", "关"),
            ("staff:zhao", "web", "开"),
        ]


def test_an_unknown_switch_is_refused_with_those_there_are(engine: Engine) -> None:
    with pytest.raises(switches.NoSuchSwitch, match="answers（政策问答）"):
        switches.switch(engine, "everything", "", "system")


def test_the_page_of_a_closed_web_chat_has_the_notice_and_the_numbers(
    sqlite: Engine, knowledge: Knowledge, tmp_path: Path
) -> None:
    app = App(Settings(database=sqlite.url.render_as_string()), sqlite, knowledge)
    client = TestClient(app.web())
    switches.switch(sqlite, "web", NOTICE, "system")
    app.switches.refresh()
    page = client.get("/")
    assert page.status_code == 503
    assert NOTICE in page.text
    assert "tel:12356" in page.text
    switches.switch(sqlite, "web", None, "system")
    app.switches.refresh()
    assert client.get("/").status_code == 200
