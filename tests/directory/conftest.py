"""A desk that also keeps the directory, and clerks with browsers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.applications import Starlette
from starlette.responses import Response

from bot.console import Console, access, routes
from bot.db.tables import Staff, now
from bot.places.live import LiveDirectory
from knowledge.base import Knowledge


class Desk:
    """The console over a real database, answering from a live directory."""

    def __init__(self, engine: Engine, shipped: Knowledge) -> None:
        self.engine, self.later = engine, timedelta()
        self.knowledge = shipped
        self.live = LiveDirectory(engine, shipped, self.put)
        self.console = Console(
            engine=engine,
            secret="a secret for tests",
            secure_cookies=False,
            clock=self.clock,
            wake=lambda: None,
            service_title=str,
            places=self.live,
        )
        self.app = Starlette(routes=routes(self.console))

    def put(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def clock(self) -> datetime:
        return now() + self.later

    def staff(self, username: str, name: str, county: str | None, role: str = "clerk") -> None:
        with Session(self.engine) as session:
            row = Staff(username=username, name=name, password_hash="-", county=county, role=role)
            session.add(row)
            session.commit()


class Clerk:
    """Somebody with a browser."""

    def __init__(self, desk: Desk, username: str = "") -> None:
        self.desk, self.token = desk, ""
        transport = httpx.ASGITransport(app=desk.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://desk.test")
        if username:
            self._enter(username)

    def _enter(self, username: str) -> None:
        with Session(self.desk.engine, expire_on_commit=False) as session:
            staff = session.exec(_staff(username)).one()
        response = Response()
        access.keep(self.desk.console, response, access.begin(staff, self.desk.clock()))
        value = SimpleCookie(response.headers["set-cookie"])[access.COOKIE].value
        self.http.cookies.set(access.COOKIE, value, domain="desk.test", path="/desk")

    async def get(self, path: str) -> httpx.Response:
        return self._seen(await self.http.get(f"/desk/places{path}", follow_redirects=False))

    async def post(self, path: str, **fields: str) -> httpx.Response:
        data = {"token": self.token} | fields
        return self._seen(await self.http.post(f"/desk/places{path}", data=data))

    async def bring(self, path: Path, **fields: str) -> httpx.Response:
        """Choose a file on the page and send it."""
        if not self.token:
            await self.get("/")
        data = {"token": self.token, "crs": "", "mode": "add"} | fields
        files = {"file": (path.name, _content(path))}
        return self._seen(await self.http.post("/desk/places/imports", data=data, files=files))

    def _seen(self, response: httpx.Response) -> httpx.Response:
        if found := re.search(r'name="token" value="([0-9a-f]+)"', response.text):
            self.token = found[1]
        return response


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _staff(username: str) -> Any:
    return select(Staff).where(Staff.username == username)


@pytest.fixture
def desk(engine: Engine, knowledge: Knowledge) -> Desk:
    desk = Desk(engine, knowledge)
    desk.staff("li", "李同志", "海门区")
    desk.staff("wang", "王同志", "如东县")
    desk.staff("zhao", "赵主任", None, "admin")
    return desk


@pytest.fixture
async def clerks(desk: Desk) -> AsyncIterator[dict[str, Clerk]]:
    """``li`` of 海门区, ``wang`` of 如东县, ``zhao`` of the city and a stranger."""
    found = {name: Clerk(desk, name) for name in ("li", "wang", "zhao")} | {"stranger": Clerk(desk)}
    yield found
    for clerk in found.values():
        await clerk.http.aclose()
