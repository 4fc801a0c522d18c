"""What else goes wrong: the database, the disk, the platform, two at once, an orderly end."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, func, select

from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect, is_away
from bot.db.tables import Message, Status
from bot.service import Service
from handlers.messages import Contact, Update
from knowledge.base import Knowledge
from tests.conftest import KEY, POSTGRES
from tests.faults.cluster import Cluster
from tests.faults.conftest import Serve
from tests.faults.rig import Town, free_port, platform, telegram
from tests.faults.test_kill import FULL


async def test_a_database_that_crashes_and_comes_back_loses_nothing(
    cluster: Cluster, serve: Serve, undisturbed: Service
) -> None:
    """The process goes on by itself; PostgreSQL recovers as after a power cut."""
    crashes, people = (10, 200) if FULL else (2, 12)
    engine = connect(cluster.url, make_cipher([KEY]))
    schema.migrate(engine)
    async with platform() as emulator:
        town = Town(emulator, people)
        town.rehearse(undisturbed)
        async with serve(engine, telegram(emulator), ports=[free_port()]) as [process]:
            town.speak()
            dice = random.Random(1)  # noqa: S311
            for _ in range(crashes):
                await asyncio.sleep(dice.uniform(0.3, 4 if FULL else 1))
                await asyncio.to_thread(cluster.stop)
                await asyncio.sleep(dice.uniform(0, 2))
                await asyncio.to_thread(cluster.start)
            await town.all_heard(240 + people * 3)
            assert await process.ends(signal.SIGTERM) < 10
        engine.dispose()
        found = town.count(engine, kills=crashes)
    engine.dispose()
    print(f"\ndatabase crashes: {found}")  # noqa: T201
    assert found.duplicates <= crashes


async def test_an_orderly_end_under_load_takes_less_than_ten_seconds_and_repeats_nothing(
    sqlite: Engine, serve: Serve, undisturbed: Service
) -> None:
    times, people = (10, 100) if FULL else (2, 10)
    async with platform() as emulator:
        town = Town(emulator, people)
        town.rehearse(undisturbed)
        async with serve(sqlite, telegram(emulator), ports=[free_port()]) as [process]:
            town.speak()
            took = []
            for _ in range(times):
                await asyncio.sleep(1.0)
                took.append(await process.ends(signal.SIGTERM))
                assert process.running is not None
                assert process.running.returncode in (0, -signal.SIGTERM)
                await process.start()
            await town.all_heard(240 + people * 3)
            took.append(await process.ends(signal.SIGTERM))
        found = town.count(sqlite, kills=0)
    print(f"\norderly ends: {found}; the slowest took {max(took):.1f} s")  # noqa: T201
    assert max(took) < 10
    assert found.duplicates == 0


async def test_a_platform_in_trouble_costs_time_and_nothing_else(
    sqlite: Engine, serve: Serve, undisturbed: Service
) -> None:
    people, troubles = (60, 200) if FULL else (8, 16)
    dice = random.Random(2)  # noqa: S311
    kinds: list[dict[str, Any]] = [
        {"status": 429, "retry_after": 1},
        {"status": 500},
        {"kind": "html"},
        {"kind": "broken json"},
        {"kind": "reset"},
    ]
    async with platform() as emulator:
        town = Town(emulator, people)
        town.rehearse(undisturbed)
        for _ in range(troubles):
            method = dice.choice(("getUpdates", "sendMessage", "sendMessage"))
            emulator.breaks(method, skip=dice.randrange(3), **dice.choice(kinds))
        async with serve(sqlite, telegram(emulator), ports=[free_port()]) as [process]:
            town.speak()
            await town.all_heard(240 + people * 5)
            assert await process.ends(signal.SIGTERM) < 10
        found = town.count(sqlite, kills=0)
    print(f"\nplatform in trouble, {troubles} times: {found}")  # noqa: T201
    # An answer that cannot be read, or a line that broke, may have been a success.
    assert found.duplicates <= troubles


def test_a_full_disk_takes_nothing_halfway_and_everything_once_there_is_room(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    """SQLite says the same, SQLITE_FULL, at its own limit of pages as on a full disk."""
    engine = connect(f"sqlite:///{tmp_path}/full.db", make_cipher([KEY]))
    schema.migrate(engine)

    def limit(connection: sqlite3.Connection, pages: int) -> None:
        [(used,)] = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: limit(connection, 20))
    service = Service(engine, knowledge)
    updates = [Update(str(n), Contact("web", str(n)), "优待证丢了怎么补办") for n in range(120)]
    outcomes: list[Exception | None] = []
    for at in range(0, len(updates), 10):
        outcomes += service.receive_all(updates[at : at + 10])
    refused = [problem for problem in outcomes if problem is not None]
    assert refused
    assert len(refused) < len(updates)
    assert all(is_away(problem) for problem in refused)
    with Session(engine) as session:
        stored = set(session.exec(select(Message.contact)).all())
    assert stored == {
        str(update.contact)
        for update, problem in zip(updates, outcomes, strict=True)
        if problem is None
    }
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: limit(connection, 100_000))
    assert service.receive_all(updates[:40]) == [None] * 40
    assert service.receive_all(updates[40:]) == [None] * 80
    with Session(engine) as session:
        both = select(Message.status, func.count()).group_by(Message.status)
        assert dict(session.exec(both).all()) == {Status.RECEIVED: 120, Status.QUEUED: 120}
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_processes_that_migrate_at_once_both_find_it_done(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres" and not POSTGRES:
        pytest.skip("TEST_POSTGRES is not set")
    engine: Engine = request.getfixturevalue(kind)
    schema.downgrade(engine, "base")
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    env = {
        "YOUJUN_DATABASE": url,
        "YOUJUN_SECRET_KEYS": f'["{KEY}"]',
        "PYTHONPATH": str(Path.cwd()),
    }
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "migrate", cwd=tmp_path, env=env,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    ended = await asyncio.gather(*(one.communicate() for one in both))
    assert [one.returncode for one in both] == [0, 0, 0], ended
    assert schema.current(engine) == schema.head()
