"""Several processes on one PostgreSQL: one polls, all deliver, nobody overtakes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from bot.courier import Courier
from bot.db import news, outbox, retention
from bot.db.election import Election
from bot.db.engine import connect
from bot.db.tables import Message, Status, now
from handlers.messages import Contact, Reply
from tests.bot.test_courier import Pigeon, put


class Process:
    """Stands for a process: works while it is elected."""

    def __init__(self, engine: Engine) -> None:
        self.election = Election(engine, "pigeon")
        self.working = False
        self.task = asyncio.create_task(self.election.run(self._work))

    async def _work(self) -> None:
        self.working = True
        try:
            await asyncio.Event().wait()
        finally:
            self.working = False

    async def ends(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@contextlib.asynccontextmanager
async def processes(engine: Engine, count: int) -> AsyncIterator[list[Process]]:
    made = [Process(engine) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            await one.ends()


async def until(come_true: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not come_true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_one_of_three_processes_is_elected_and_the_next_takes_over(postgres: Engine) -> None:
    async with processes(postgres, 3) as made:
        await until(lambda: any(one.working for one in made))
        await asyncio.sleep(1.5)
        [elected] = [one for one in made if one.working]
        assert [one for one in made if one.election.holds] == [elected]
        await elected.ends()
        await until(lambda: any(one.working for one in made), seconds=5)
        assert sum(one.working for one in made) == 1


async def test_who_loses_the_database_stops_and_stands_again(postgres: Engine) -> None:
    async with processes(postgres, 2) as made:
        await until(lambda: any(one.working for one in made))
        [elected] = [one for one in made if one.working]
        with postgres.connect() as connection:  # as an administrator or a restart would
            lost = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
            assert len(lost.all()) == 1
        await until(lambda: not elected.working)
        await until(lambda: any(one.working for one in made))
        assert sum(one.working for one in made) == 1


async def test_sqlite_needs_no_election(sqlite: Engine) -> None:
    async with processes(sqlite, 1) as [only]:
        await until(lambda: only.working)
        assert only.election.holds


async def test_a_reply_put_by_another_process_wakes_us_at_once(postgres: Engine) -> None:
    woken: list[int] = []
    listening = asyncio.create_task(news.listen(postgres, lambda: woken.append(1)))
    await until(lambda: bool(woken))  # it listens, and looks at what was there before
    woken.clear()
    await asyncio.to_thread(put, postgres, "1", "hello")
    await until(lambda: bool(woken), seconds=2)
    with postgres.connect() as connection:  # the server ends our connection
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        )
    woken.clear()
    await until(lambda: bool(woken))  # listening again
    listening.cancel()


def test_couriers_of_several_processes_keep_everybodys_order(postgres: Engine) -> None:
    people = [str(number) for number in range(8)]
    for number in range(6):
        for person in people:
            put(postgres, person, str(number))
    pigeon = Pigeon(slow=0.02)
    url = postgres.url.render_as_string(hide_password=False)
    engines = [connect(url, postgres.dialect.cipher) for _ in range(3)]  # type: ignore[attr-defined]

    def deliver(engine: Engine) -> int:
        return asyncio.run(Courier(engine, {"pigeon": pigeon}).deliver_due())

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(deliver, engines)) == 48
    for person in people:
        heard = [text for address, text in pigeon.carried if address == person]
        assert heard == [str(number) for number in range(6)]
    for engine in engines:
        engine.dispose()


def test_nothing_is_due_for_those_who_wait_behind_somebody(engine: Engine) -> None:
    """A courier that looked again and again at a line that stands would never rest."""
    put(engine, "1", "first", "second")
    with Session(engine) as session:
        first = outbox.claim(session, now(), ["pigeon"])
        assert first is not None
        later = now() + timedelta(minutes=10)
        outbox.settle(session, first, Status.QUEUED, due_at=later)
        session.commit()
        assert outbox.claim(session, now(), ["pigeon"]) is None
        due = outbox.next_due(session, now(), ["pigeon"])
        assert due is not None
        assert abs(due - later) < timedelta(seconds=1)


def test_the_purge_takes_what_nobody_came_for_and_leaves_what_is_due_later(engine: Engine) -> None:
    long_ago, soon = now() - timedelta(days=200), now() + timedelta(days=1)
    with Session(engine) as session:
        for status, due in (
            (Status.SENT, long_ago),
            (Status.QUEUED, long_ago),
            (Status.QUEUED, soon),
        ):
            session.add(
                Message(
                    contact="web:1", text=status, status=status, created_at=long_ago, due_at=due
                )
            )
        session.commit()
    put(engine, "1", "new")
    age = timedelta(days=180)
    assert retention.purge(engine, age, dry_run=True) == 2
    assert retention.purge(engine, age) == 2
    with Session(engine) as session:
        left = select(Message.due_at).order_by(col(Message.id))
        assert [due > long_ago for due in session.exec(left).all()] == [True, True]


def test_every_reply_knows_its_channel(engine: Engine) -> None:
    with Session(engine) as session:
        outbox.put(session, Contact("telegram", "-100:5"), [Reply("a")])
        session.add(Message(contact="wechat:x", text="b", status=Status.SENT))
        session.commit()
        assert session.exec(select(Message.channel).order_by(col(Message.id))).all() == [
            "telegram",
            "wechat",
        ]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_two_lanes_never_hold_replies_of_one_person(engine: Engine) -> None:
    put(engine, "1", "a", "b")

    def claim() -> Message | None:
        with Session(engine, expire_on_commit=False) as session:
            return outbox.claim(session, now(), ["pigeon"])

    found = await asyncio.gather(*(asyncio.to_thread(claim) for _ in range(6)))
    assert [one.text for one in found if one] == ["a"]
