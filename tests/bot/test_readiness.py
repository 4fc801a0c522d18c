"""``/readyz``: the database answers and every channel that fetches has fetched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from starlette.testclient import TestClient

from bot import readiness
from bot.app import App
from bot.channels.base import Limits, Receive, Undeliverable
from bot.channels.telegram import Telegram
from bot.config import Settings
from bot.db import outbox
from bot.db.tables import Message, Status, now
from bot.readiness import LATE
from handlers.messages import Contact, Reply, Update
from knowledge.base import Knowledge


@pytest.fixture
def app(sqlite: Engine, knowledge: Knowledge, tmp_path: Path) -> App:
    settings = Settings(database=sqlite.url.render_as_string())
    settings.telegram.enabled, settings.telegram.token = True, SecretStr("1:a")
    return App(settings, sqlite, knowledge)


def test_a_poller_that_fetched_nothing_is_not_ready_and_one_that_did_is(app: App) -> None:
    client = TestClient(app.web())  # without its loops: nothing is fetched
    response = client.get("/readyz")
    assert response.status_code == 503
    found = response.json()
    assert (found["ready"], found["database"]) == (False, True)
    assert found["channels"] == {"telegram": False}
    assert found["set_aside"] == 0
    telegram = app.channels["telegram"]
    assert isinstance(telegram, Telegram)
    telegram._poller.last_fetched = telegram._clock()
    assert client.get("/readyz").json()["ready"] is True
    telegram._poller.last_fetched -= telegram.timing.stale + 1
    assert client.get("/readyz").status_code == 503


def test_replies_that_do_not_leave_are_told(app: App, sqlite: Engine) -> None:
    telegram = app.channels["telegram"]
    assert isinstance(telegram, Telegram)
    telegram._poller.last_fetched = telegram._clock()
    client = TestClient(app.web())
    with Session(sqlite) as session:
        outbox.put(session, Contact("telegram", "7"), [Reply("好")], due_at=now() - LATE / 2)
        outbox.put(session, Contact("web", "7"), [Reply("好")], due_at=now() - LATE * 9)
        session.commit()
    assert client.get("/readyz").json()["ready"] is True
    with Session(sqlite) as session:
        outbox.put(session, Contact("telegram", "8"), [Reply("好")], due_at=now() - LATE * 2)
        session.commit()
    late = client.get("/readyz").json()
    assert late["ready"] is False
    assert late["outbox_seconds"]["telegram"] >= 2 * LATE.total_seconds()


def test_a_full_disk_is_not_ready(app: App, tmp_path: Path) -> None:
    found = readiness.check(app.engine, {}, tmp_path, now(), room=2**62)
    assert found["ready"] is False


def test_a_database_that_is_away_is_not_ready(app: App, sqlite: Engine) -> None:
    app.channels.clear()
    client = TestClient(app.web())
    assert client.get("/readyz").status_code == 200

    def away(*_: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    event.listen(sqlite, "before_cursor_execute", away)
    assert client.get("/readyz").json()["database"] is False
    assert client.get("/healthz").status_code == 200
    event.remove(sqlite, "before_cursor_execute", away)


def fetching(app: App) -> TestClient:
    """The pages of an ``app`` whose Telegram is well."""
    telegram = app.channels["telegram"]
    assert isinstance(telegram, Telegram)
    telegram._poller.last_fetched = telegram._clock()
    return TestClient(app.web())


def leave_room(sqlite: Engine, *, pages: int) -> None:
    """Let the database grow by so many pages and no more."""
    with sqlite.connect() as line:
        used = line.exec_driver_sql("PRAGMA page_count").scalar_one()
        line.exec_driver_sql(f"PRAGMA max_page_count = {used + pages}")


def test_a_database_without_room_is_told_until_something_is_stored(
    app: App, sqlite: Engine
) -> None:
    client = fetching(app)
    leave_room(sqlite, pages=0)
    problems = [
        problem
        for n in range(50)
        for problem in app.service.receive_all([Update(str(n), Contact("web", str(n)), "你好")])
    ]
    assert any(problems)
    found = client.get("/readyz").json()
    assert (found["ready"], found["database"], found["database_full"]) == (False, True, True)
    leave_room(sqlite, pages=1000)
    app.service.receive(Update("1", Contact("web", "somebody"), "你好"))
    found = client.get("/readyz").json()
    assert (found["ready"], found["database_full"]) == (True, False)


class Wordy:
    """A channel whose trouble takes room to write down."""

    name = "wordy"
    limits = Limits()

    async def run(self, receive: Receive) -> None:
        """Nothing comes in."""

    async def send(self, address: str, reply: Reply) -> None:
        raise Undeliverable("x" * 100_000)


async def test_a_delivery_that_cannot_be_written_down_is_told_until_it_can(
    app: App, sqlite: Engine
) -> None:
    client = fetching(app)
    app.courier.channels = {"wordy": Wordy()}
    with Session(sqlite) as session:
        outbox.put(session, Contact("wordy", "1"), [Reply("一")])
        session.commit()
    leave_room(sqlite, pages=0)
    delivering = asyncio.create_task(app.courier.deliver_due())
    async with asyncio.timeout(5):
        while not app.courier.full:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    found = client.get("/readyz").json()
    assert (found["ready"], found["database"], found["database_full"]) == (False, True, True)
    leave_room(sqlite, pages=1000)
    await delivering
    assert client.get("/readyz").json()["database_full"] is False
    with Session(sqlite) as session:
        assert session.exec(select(Message.status)).one() == Status.FAILED
