"""A person who left traces everywhere, and a stranger beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, SQLModel, col, select

from bot import linking
from bot.channels.files import File
from bot.db import setaside
from bot.db.desk import Presence, WrittenDraft
from bot.db.tables import Allowance, Conversation, Staff, Ticket, now
from bot.desk import finding, tickets
from bot.desk.attachments import Store
from bot.desk.effects import Settings
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.person import Person

PDF = b"%PDF-1.4 a paper"
PHONE, OTHERS = "13900138000", "13700137000"
STORY, STRANGE = "邻居占了我家的地，身份证320624195001011234", "儿子上学没有着落"


@dataclass
class Life:
    """What the tests look at."""

    engine: Engine
    files: Path
    wang: Person
    phone: Person
    """Wang's other channel."""
    charlie: Person
    store: Store


def request(story: str, phone: str) -> tuple[str, ...]:
    return ("/request other-help", story, "去年", "海门区", "三星镇", phone, "1", "1")


@pytest.fixture
def live(tmp_path: Path, knowledge: Knowledge) -> Callable[[Engine], Life]:
    def begin(engine: Engine) -> Life:
        files = tmp_path / "files"
        settings = Settings(staff_group=-100, secret="pepper", files=files)
        service = Service(engine, knowledge, desk_settings=settings)
        people = [Person(service, Contact(*key)) for key in NAMES]
        life = Life(engine, files, *people, Store(engine, files))
        _live(life)
        return life

    return begin


NAMES = (("web", "wang-4711"), ("telegram", "352706599"), ("web", "charlie-42"))


@pytest.fixture
def life(sqlite: Engine, live: Callable[[Engine], Life]) -> Life:
    return live(sqlite)


@pytest.fixture
def either(engine: Engine, live: Callable[[Engine], Life]) -> Life:
    """On both databases."""
    return live(engine)


def _live(life: Life) -> None:
    wang, charlie = life.wang, life.charlie
    for person, story, phone in ((wang, STORY, PHONE), (charlie, STRANGE, OTHERS)):
        for line in request(story, phone):
            person.says(line)
        person.says("我是六级残疾军人，优待证丢了怎么补办")
        life.store.receive(File("f1", person.contact, f"{phone}.pdf", PDF))
    life.phone.says("住址是三星镇叠石桥")
    with Session(life.engine) as session:
        key, other = str(wang.contact), str(life.phone.contact)
        linking._link(session, key, other, now())
        _staff_side(session)
        setaside.keep(session, "telegram", 5, "why", RAW)
        session.add(Allowance(contact=key, kind="message", remaining=1, until=now()))
        session.commit()
    wang.says("补充一句：房子也漏水")


RAW = {"update_id": 5, "message": {"chat": {"id": 352706599}, "text": "没处理成的话"}}


def _staff_side(session: Session) -> None:
    staff = Staff(username="li", name="李同志", password_hash="x", county="海门区")
    session.add(staff)
    session.flush()
    for number in ("T000001", "T000002"):
        ticket = finding.find(session, number)
        finding.viewed(session, ticket, staff)
        tickets.claim(session, ticket, staff)
        tickets.reply(session, ticket, staff, f"{number} 请带上户口本", version=ticket.version)
        tickets.note(session, ticket, staff, "同事看的备注")
        session.add(WrittenDraft(ticket_id=ticket.id, staff=staff.id, kind="reply", text="草稿"))
        session.add(Presence(ticket_id=ticket.id, staff=staff.id))


def rows(engine: Engine) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row as it lies."""
    with engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            found = connection.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608
            for row in found.mappings():
                yield table.name, dict(row)


def tokens(engine: Engine, contacts: set[str], number: str) -> set[str]:
    """Pieces of every encrypted value that belongs to these contacts or this ticket."""
    with Session(engine) as session:
        ticket = session.exec(select(Ticket.id).where(Ticket.number == number)).one()
    found: set[str] = set()
    for table, row in rows(engine):
        theirs = row.get("contact") in contacts or row.get("ticket_id") == ticket
        if theirs or (table == "ticket" and row["id"] == ticket):
            values = [one for one in row.values() if isinstance(one, str)]
            found |= {one[20:60] for one in values if one.startswith("gAAAA")}
            found |= {row["phone_hash"]} if row.get("phone_hash") else set()
    return found


def long_ago(engine: Engine, contact: str, **ago: Any) -> None:
    """They were here, and asked to be forgotten, so long ago."""
    with Session(engine) as session:
        for one in session.exec(select(Conversation).where(col(Conversation.contact) == contact)):
            one.updated_at -= timedelta(**ago)
            if one.forgotten_at:
                one.forgotten_at -= timedelta(**ago)
        session.commit()
