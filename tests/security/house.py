"""The whole service in this process, every channel on, staff of every role; nothing leaves it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
from cryptography.fernet import Fernet
from sqlmodel import Session, col, select
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

import bot.app
import bot.console
from bot.channels.files import File
from bot.config import Geocoder, Settings, Telegram, Web, Wechat
from bot.console import access
from bot.db import schema
from bot.db.desk import Attachment
from bot.db.tables import Conversation, Message, Staff, Status, now
from bot.desk import tickets
from bot.desk.roles import ROLES
from handlers import effects
from handlers.messages import Contact

TOKEN = "1234567890:" + "A" * 35
PLACES = {"own": "海门区", "other": "如东县", "city": None}


@dataclass
class House:
    """The application over a database of its own."""

    app: bot.app.App
    web: Starlette
    console: bot.console.Console

    def browser(self, cookie: str = "") -> httpx.AsyncClient:
        """Somebody's browser; errors inside the service come out here."""
        headers = {"cookie": cookie} if cookie else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.web), base_url="http://desk.test", headers=headers
        )

    def session(self, username: str) -> tuple[str, str]:
        """The cookie of somebody signed in, and the token their forms carry."""
        with Session(self.app.engine) as db:
            staff = db.get_one(Staff, int(username.rpartition("-")[2]))
            login = access.begin(staff, now())
        response = Response()
        access.keep(self.console, response, login)
        value = SimpleCookie(response.headers["set-cookie"])[access.COOKIE].value
        return f"{access.COOKIE}={value}", access.token(self.console, login.nonce)

    def ticket(self, county: str = "海门区", **more: Any) -> str:
        """A request of 老王, once more each time."""
        details = more.pop("details", (("遇到的困难", "腿伤复发，三个月没有收入"),))
        wanted = effects.OpenTicket(
            service="hardship",
            topic="hardship",
            county=county,
            town="三星镇" if county == "海门区" else "",
            phone="13800138000",
            details=details,
            respond_within_working_days=3,
            priority="normal",
        )
        contact = "telegram:3527065"
        with Session(self.app.engine) as db:
            if db.get(Conversation, contact) is None:
                db.add(Conversation(contact=contact))
            db.add(Message(contact=contact, text="你好", status=Status.RECEIVED))
            ticket = tickets.open_ticket(db, Contact.parse(contact), wanted, due_at=now())
            number = ticket.number
            db.commit()
        return number

    def file(self) -> str:
        """老王 sends a paper for the latest request; how it is called in addresses."""
        paper = File(
            secrets.token_hex(4), Contact.parse("telegram:3527065"), "证明.pdf", b"%PDF-1 x"
        )
        self.app.files.receive(paper)
        with Session(self.app.engine) as db:
            return db.exec(select(Attachment).order_by(col(Attachment.id).desc())).first().key


def build(folder: Path) -> House:
    """Everything switched on that can be, with staff of every role here, elsewhere, everywhere."""
    settings = Settings(
        database=f"sqlite:///{folder}/house.db",
        secret_keys=[Fernet.generate_key().decode()],
        web=Web(embed_origins=["https://tyjrswj.example.gov.cn"], metrics_token="metrics-word"),
        telegram=Telegram(
            enabled=True,
            token=TOKEN,
            base_url="http://127.0.0.1:9/bot",
            webhook="https://desk.test/telegram",
        ),
        wechat=Wechat(enabled=True, token="wechat-word", app_id="wx1"),
        geocoder=Geocoder(),
    )
    schema.migrate(bot.app.open_database(settings))
    app = bot.app.build(settings)
    with Session(app.engine) as db:
        for role in ROLES:
            for where, county in PLACES.items():
                name = f"{role}-{where}"
                db.add(Staff(username=name, name=name, password_hash="-", role=role, county=county))
        db.add(Staff(username="author", name="author", password_hash="-", county="海门区"))
        db.commit()
    web = app.web()
    console = bot.console.Console(
        engine=app.engine,
        secret=app.secret,
        secure_cookies=False,
        clock=now,
        wake=app.wake,
        service_title=app.desk.title,
    )
    return House(app, web, console)


AUTHOR = len(ROLES) * len(PLACES) + 1
"""Somebody who wrote what others review."""


def staff_of(house: House, role: str, where: str) -> str:
    """``clerk-own-1``: how ``House.session`` knows somebody."""
    number = list(ROLES).index(role) * len(PLACES) + list(PLACES).index(where) + 1
    return f"{role}-{where}-{number}"


def table(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of every route, those inside mounts too; static files are one of theirs."""
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, before + route.path
        elif isinstance(route, Mount):
            inside = list(route.routes)
            if inside:
                yield from table(inside, before + route.path)
            else:
                yield "GET", before + route.path + "/{static}"


def address(path: str, number: str = "T000001", key: str = "0" * 32) -> str:
    """A path with its parameters filled in; rows are number 1."""
    known = {"number": number, "key": key, "_done": "reply", "static": "nothing.css"}
    filled = re.sub(r"\{\w+:row\}", "1", path)
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: known.get(found[1], "x"), filled)
