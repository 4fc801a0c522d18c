"""Odd words go in, plain ones come out: search, channels, pages and tables stay what they are."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot import asking
from bot.channels import telegram_render, wechat_render
from bot.db import outbox
from bot.db.desk import Canned
from bot.db.tables import Message, Staff, Status, now
from bot.desk import export, tickets
from bot.plaintext import cell, plain
from handlers.messages import Contact, Reply, Update
from knowledge.base import Knowledge
from tests.person import Person
from tests.security.house import House, address, staff_of, table

PLANTED = (
    "\"'><planted onplanted=1>x</planted><script>planted()</script>"
    "<b>粗</b> [点](http://planted.example) @planted /planted \u202e倒\u202c {{7*7}}"
)
ODD = [
    "？" * 3_000,
    "长" * 10_000,
    "优待证" * 3_333,
    "9" * 10_000,
    "1" + "0" * 400 + "元",
    "👨‍👩‍👧‍👦" * 300,
    "\u202e证待优\u202c",
    "优\u200b待\u200b证\ufeff怎么办",
    "e\u0301" * 2_000,
    "\x00\x07\x1b[31m",
    "(((((((((((([[[[[[",
    "١٢٣٤٥",
    "مرحبا שלום",
    " \t\n\u3000",
    "%s %n {0} ${x} {{7*7}}",
    "' OR 1=1 --",
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_questions_are_answered_politely_and_soon(house: House, odd: str) -> None:
    person = Person(house.app.service, Contact("terminal", str(ODD.index(odd))))
    started = time.process_time()
    replies = person.says(odd)

    assert time.process_time() - started < 2
    assert replies
    assert all(text and len(text) < 4_000 for text in replies)


def test_hidden_characters_do_not_change_the_answer(knowledge: Knowledge) -> None:
    asked = asking.ask(knowledge, plain("优\u200b待\u202e证\ufeff怎么办"), None)

    assert asked["text"] == asking.ask(knowledge, "优待证怎么办", None)["text"]


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_plain_text_can_be_stored_and_read_in_one_direction(text: str) -> None:
    found = plain(text)

    found.encode("utf-8")
    assert "\0" not in found
    assert not set(found) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    assert plain(found) == found


@given(st.text(st.sampled_from("=+-@＝＋－＠\t\r 1a,\"'")))
def test_no_cell_of_a_table_is_a_formula(text: str) -> None:
    found = cell(text)

    assert not found.lstrip().startswith(("=", "+", "@", "＝", "＋", "－", "＠"))
    assert not found.lstrip().startswith("-") or float(found.rstrip("%")) <= 0


def test_figures_stay_figures_in_a_report() -> None:
    made = export.table(("a",), [("-3.5%", "=1+1", "12")])

    assert list(csv.reader(io.StringIO(made)))[1] == ["-3.5%", "'=1+1", "12"]


class Reader(HTMLParser):
    """Notes what became an element or an attribute, and where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [tag, *(name for name, _ in attrs)]
        self.odd += [name for name in names if "planted" in name or name.startswith("on")]
        links = [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.odd += [link for link in links if link.startswith(("javascript:", "http://planted"))]
        if tag == "script" and not any(name == "src" for name, _ in attrs):
            kinds = [value for name, value in attrs if name == "type"]
            self.odd += [] if kinds else ["a script of its own"]


def odd_parts(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    return reader.odd


async def test_nothing_people_or_staff_wrote_becomes_markup_in_the_console(house: House) -> None:
    number = house.ticket(details=((PLANTED, PLANTED),))
    admin = staff_of(house, "admin", "city")
    with Session(house.app.engine) as db:
        staff = db.get_one(Staff, int(admin.rpartition("-")[2]))
        staff.name = PLANTED
        db.add(Canned(title=PLANTED[:30], text=PLANTED, county="海门区", author=staff.id, at=now()))
        ticket = tickets.find(db, number)
        tickets.claim(db, ticket, staff, at=now())
        tickets.note(db, ticket, staff, PLANTED, at=now())
        version = ticket.version
        tickets.reply(db, ticket, staff, PLANTED, version=version, at=now())
        said = Message(contact=ticket.contact, text=PLANTED, status=Status.RECEIVED, ticket=number)
        db.add(said)
        db.commit()
    cookie, _ = house.session(admin)
    shown = 0
    async with house.browser(cookie) as http:
        for method, path in table(list(house.web.routes)):
            if method == "GET" and path.startswith("/desk/") and path != "/desk/events":
                response = await http.get(
                    address(path, number), params={"q": PLANTED, "find": PLANTED}
                )
                if "html" in response.headers.get("content-type", ""):
                    assert odd_parts(response.text) == [], path
                    shown += "&lt;planted" in response.text
    assert shown >= 5  # it was there to be seen


async def test_nothing_anybody_wrote_becomes_markup_in_the_web_chat(house: House) -> None:
    async with house.browser() as http:
        page = await http.get("/")
        token = page.text.partition('name="token" value="')[2].partition('"')[0]
        for text in (PLANTED, "/status", "/menu"):
            data = {"token": token, "text": text, "label": PLANTED[:60]}
            assert (await http.post("/chat/messages", data=data)).status_code == 303
        with Session(house.app.engine) as db:
            contact = db.exec(select(Message.contact).where(Message.channel == "web")).first()
            reply = Reply(PLANTED + "\n- " + PLANTED, author=PLANTED)
            outbox.put(db, Contact.parse(str(contact)), [reply])
            db.commit()
        whole = await http.get("/")
        polled = await http.get("/chat/messages?after=0")

    assert "&lt;planted" in whole.text
    assert odd_parts(whole.text) == []
    html = "".join(one["html"] for one in json.loads(polled.text)["messages"])
    assert "&lt;planted" in html
    assert odd_parts(html) == []


def test_telegram_and_wechat_get_the_words_as_words() -> None:
    reply = Reply(PLANTED, author=PLANTED)

    for message in telegram_render.render(reply):
        assert not hasattr(message, "parse_mode")
        assert PLANTED in message.text
    assert any(PLANTED[:20] in str(one) for one in wechat_render.messages(reply))


def test_what_is_queued_cannot_turn_a_line_around(house: House) -> None:
    contact = Contact("terminal", "bidi")
    with Session(house.app.engine) as db:
        outbox.put(db, contact, [Reply("电话 \u202e5188\u202c 0513", author="李\u2066同志")])
        db.commit()
        row = db.exec(select(Message).where(Message.contact == str(contact))).one()

    assert row.text == "电话 5188 0513"
    assert row.extras["author"] == "李同志"


def test_halves_of_characters_and_zeros_are_stored_on_either_database(service: Any) -> None:
    contact = Contact("terminal", "odd")
    service.receive(Update("a\0b", contact, "你\ud800好\0", label="\ud800"))

    with Session(service.engine) as db:
        row = db.exec(select(Message).where(Message.status == Status.RECEIVED)).one()
    assert (row.external_id, row.text) == ("ab", "你好")
    assert row.created_at <= datetime.now(UTC)
