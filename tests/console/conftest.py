"""A desk with two counties, and browsers for the people who work it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from functools import cache
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, select
from starlette.applications import Starlette
from starlette.responses import Response

from bot.console import Console, access, routes
from bot.db import outbox
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import Conversation, Message, Staff, Status, Ticket, TicketEvent, now
from bot.desk import finding, people, tickets
from handlers import effects
from handlers.messages import Contact, Reply
from knowledge.eligibility import Judge
from knowledge.explaining import explain
from knowledge.library import Library
from knowledge.load import load
from knowledge.rule_text import RuleText, describe

PASSWORD = "correct horse battery"
TITLES = {"hardship": "生活困难帮扶", "medical": "医疗困难", "crisis": "紧急求助"}


class Office:
    """The console over a real database, with a clock that can be moved."""

    def __init__(self, engine: Engine, password_hash: str) -> None:
        self.password_hash = password_hash
        self.engine = engine
        self.later = timedelta()
        self.woken = 0
        self.console = Console(
            engine=self.engine,
            secret="a secret for tests",
            secure_cookies=False,
            clock=self.clock,
            wake=self.wake,
            service_title=lambda service: TITLES.get(service, service),
            explain=_explain,
            rules=_rules,
            library=_library,
        )
        self.app = Starlette(routes=routes(self.console))

    def clock(self) -> datetime:
        return now() + self.later

    def wake(self) -> None:
        self.woken += 1

    def staff(self, username: str, name: str, county: str | None = None, **more: Any) -> None:
        with Session(self.engine) as session:
            row = Staff(
                username=username,
                name=name,
                password_hash=self.password_hash,
                county=county,
                **more,
            )
            session.add(row)
            session.commit()

    def ticket(
        self,
        *,
        service: str = "hardship",
        county: str = "海门区",
        town: str = "三星镇",
        priority: str = "normal",
        due: timedelta = timedelta(days=3),
        contact: str = "telegram:3527065",
        details: tuple[tuple[str, str], ...] = (("遇到的困难", "腿伤复发，三个月没有收入"),),
        phone: str = "13800138000",
    ) -> str:
        """Open a ticket as a person would, after saying hello; returns its number."""
        wanted = effects.OpenTicket(
            service=service,
            topic="hardship",
            county=county,
            town=town,
            phone=phone,
            details=details,
            respond_within_working_days=3,
            priority=priority,
        )
        self.say("你好，我想申请帮扶", contact=contact)
        with Session(self.engine) as session:
            if session.get(Conversation, contact) is None:
                session.add(Conversation(contact=contact))
            ticket = tickets.open_ticket(
                session, Contact.parse(contact), wanted, due_at=self.clock() + due
            )
            number = ticket.number
            ticket.phone_hash = finding.phone_hash(phone, self.console.secret)
            outbox.put(session, Contact.parse(contact), [Reply(f"已经提交，编号 {number}。")])
            session.commit()
        return number

    def say(self, text: str, *, contact: str = "telegram:3527065", number: str = "") -> None:
        """The person writes; with ``number``, it is added to that ticket."""
        with Session(self.engine) as session:
            session.add(Message(contact=contact, text=text, status=Status.RECEIVED))
            if number:
                added = people.add(
                    session, Contact.parse(contact), effects.AddToTicket(number, text)
                )
                assert added
            session.commit()

    def load(self, number: str) -> Ticket:
        with Session(self.engine, expire_on_commit=False) as session:
            return tickets.find(session, number)

    def history(self, number: str) -> list[TicketEvent]:
        with Session(self.engine, expire_on_commit=False) as session:
            return finding.lines(session, tickets.find(session, number))

    def sent(self) -> list[Message]:
        """Everything the person was or will be told."""
        with Session(self.engine, expire_on_commit=False) as session:
            query = select(Message).where(Message.status != Status.RECEIVED)
            return list(session.exec(query).all())

    def change(self, kind: type[Any], key: Any, **values: Any) -> None:
        """Set columns of one row, as something elsewhere would."""
        with Session(self.engine) as session:
            row = session.get(kind, key)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)
            session.commit()

    def account(self, username: str) -> Staff:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.exec(select(Staff).where(Staff.username == username)).one()


class Browser:
    """What a member of staff does with the console: opens pages and sends their forms."""

    def __init__(self, office: Office) -> None:
        self.office = office
        transport = httpx.ASGITransport(app=office.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://desk.test")
        self.token = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return self._seen(await self.http.get(path, **more))

    async def post(self, path: str, *, token: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form with the token of the last page, or another one."""
        fields["token"] = self.token if token is None else token
        headers = fields.pop("headers", None)
        return self._seen(await self.http.post(path, data=fields, headers=headers))

    async def act(self, number: str, action: str, **fields: Any) -> httpx.Response:
        """Open a ticket's page and send one of its forms."""
        page = await self.get(f"/desk/tickets/{number}")
        if found := re.search(r'name="version" value="(\d+)"', page.text):
            fields.setdefault("version", found[1])
        return await self.post(f"/desk/tickets/{number}/{action}", **fields)

    async def sign_in(
        self, username: str, password: str = PASSWORD, *, after: str = ""
    ) -> httpx.Response:
        await self.get("/desk/sign-in")
        fields = {"username": username, "password": password, "next": after}
        response = await self.post("/desk/sign-in", **fields)
        if response.status_code == 303:
            await self.get("/desk/")
        return response

    async def enter(self, username: str) -> Browser:
        """Be signed in without the slow check of the password."""
        response = Response()
        login = access.begin(self.office.account(username), self.office.clock())
        access.keep(self.office.console, response, login)
        value = SimpleCookie(response.headers["set-cookie"])[access.COOKIE].value
        self.http.cookies.set(access.COOKIE, value, domain="desk.test", path="/desk")
        await self.get("/desk/")
        return self

    def _seen(self, response: httpx.Response) -> httpx.Response:
        if found := re.search(r'name="token" value="([0-9a-f]+)"', response.text):
            self.token = found[1]
        return response


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Everybody's password, hashed once."""
    return PasswordHasher().hash(PASSWORD)


@pytest.fixture
def office(tmp_path: Path, password_hash: str) -> Iterator[Office]:
    key = Fernet.generate_key().decode("ascii")
    engine = connect(f"sqlite:///{tmp_path}/desk.db", make_cipher([key]))
    SQLModel.metadata.create_all(engine)
    office = Office(engine, password_hash)
    office.staff("li", "李同志", "海门区")
    yield office
    engine.dispose()


@pytest.fixture
def office_on_both(engine: Engine, password_hash: str) -> Office:
    """The same on either database, as the migrations make it."""
    office = Office(engine, password_hash)
    office.staff("li", "李同志", "海门区")
    office.staff("sun", "孙同志", "海门区")
    return office


@pytest.fixture
async def two_clerks(office_on_both: Office) -> AsyncIterator[list[Browser]]:
    """李同志 and 孙同志 of one county, both signed in."""
    clerks = [await Browser(office_on_both).enter(name) for name in ("li", "sun")]
    yield clerks
    for clerk in clerks:
        await clerk.http.aclose()


@pytest.fixture
async def browsers(office: Office) -> AsyncIterator[list[Browser]]:
    """Three browsers that share nothing."""
    browsers = [Browser(office) for _ in range(3)]
    yield browsers
    for browser in browsers:
        await browser.http.aclose()


@pytest.fixture
def stranger(browsers: list[Browser]) -> Browser:
    """A browser nobody signed in with."""
    return browsers[0]


@pytest.fixture
async def li(browsers: list[Browser]) -> Browser:
    """李同志 of 海门区, signed in."""
    return await browsers[1].enter("li")


@pytest.fixture
async def wang(office: Office, browsers: list[Browser]) -> Browser:
    """王同志 of 如东县, signed in."""
    office.staff("wang", "王同志", "如东县")
    return await browsers[2].enter("wang")


@pytest.fixture
async def zhao(office: Office, browsers: list[Browser]) -> Browser:
    """赵主任 of the city, signed in: sees every county."""
    office.staff("zhao", "赵主任", None, role="admin")
    return await browsers[2].enter("zhao")


@pytest.fixture
def read() -> Any:
    """The words of a page, as a person reads them."""

    def words(page: httpx.Response) -> str:
        text = re.sub(r"<(title|script|style).*?</\1>", "", page.text, flags=re.DOTALL)
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)))

    return words


@cache
def _library() -> Library:
    return load()


def _rules() -> tuple[RuleText, ...]:
    judge = Judge(_library())
    return tuple(describe(judge, rule) for rule in judge.library.rules.values())


def _explain(text: str) -> dict[str, Any]:
    return explain(_library(), text, region=None, today=now().date())
