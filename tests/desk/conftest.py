"""Offices of the sample file in a database, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.db.tables import Message, Staff, Status, Ticket, TicketEvent
from bot.desk import effects, finding, importing, organisation
from bot.desk.clock import BEIJING
from handlers.effects import OpenTicket
from handlers.messages import Contact
from knowledge.gazetteer import Gazetteer

SAMPLE = Path(__file__).parents[2] / "desks.example.yaml"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING)
SETTINGS = effects.Settings(staff_group=-100, titles={}, secret="pepper")


@pytest.fixture(scope="session")
def towns() -> Callable[[str], tuple[str, ...] | None]:
    gazetteer = Gazetteer.load()
    counties = gazetteer.counties()
    return lambda county: gazetteer.towns(county) if county in counties else None


class Desks:
    """The sample offices, and what is done there at moments the test names."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.number = 0

    def staff(self, username: str) -> Staff:
        return self.session.exec(select(Staff).where(Staff.username == username)).one()

    def opens(self, at: datetime = MONDAY, contact: str = "terminal:wang", **more: Any) -> Ticket:
        """A person hands something in."""
        wanted = {
            "service": "hardship-aid",
            "topic": "hardship",
            "county": "海门区",
            "town": "三星镇",
            "phone": "13800138000",
            "details": (("困难", "摔断了腿"),),
            "respond_within_working_days": 3,
        } | more
        effect = OpenTicket(**wanted)
        number = effects.perform(
            self.session, Contact.parse(contact), effect, settings=SETTINGS, now=at
        )
        return finding.find(self.session, number)

    def does(self, effect: object, at: datetime = MONDAY, contact: str = "terminal:wang") -> Any:
        """What the person does with their ticket."""
        return effects.perform(
            self.session, Contact.parse(contact), effect, settings=SETTINGS, now=at
        )

    def heard(self, chat: int) -> list[Message]:
        """Everything a group was or will be told, in its topics too."""
        contact = col(Message.contact)
        here = (contact == f"telegram-staff:{chat}") | contact.startswith(f"telegram-staff:{chat}/")
        query = select(Message).where(here, Message.status != Status.RECEIVED)
        return list(self.session.exec(query.order_by(col(Message.id))).all())

    def lines(self, ticket: Ticket, kind: str = "") -> list[TicketEvent]:
        found = finding.lines(self.session, ticket)
        return [line for line in found if kind in ("", line.kind)]


@pytest.fixture
def desks(engine: Engine, towns: Callable[[str], tuple[str, ...] | None]) -> Iterator[Desks]:
    with Session(engine, expire_on_commit=False) as session:
        importing.store(session, organisation.read(SAMPLE, towns=towns), now=MONDAY)
        session.commit()
        yield Desks(session)
