"""A service that is running takes up an import of another process, and answers all the while."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from bot.db.placetables import DirectoryNumber
from bot.places import importing, imports, live, store
from bot.places.importing import Wanted
from bot.service import Service
from handlers.messages import Contact, Update
from knowledge.base import Knowledge
from tests import sheets


class Answering:
    """Somebody who asks and asks; ``longest`` is the longest they waited, in seconds."""

    def __init__(self, service: Service) -> None:
        self.service, self.done, self.answered, self.longest = service, False, 0, 0.0
        self.problem: Exception | None = None
        self.thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        contact = Contact("terminal", "asks")
        while not self.done:
            began = time.perf_counter()
            try:
                self.service.receive(
                    Update(f"u{self.answered}", contact, "离海门三星镇最近的拥军商户")
                )
            except Exception as problem:
                self.problem = problem
                return
            self.longest = max(self.longest, time.perf_counter() - began)
            self.answered += 1
            time.sleep(0.03)  # the pool hands its one connection to whoever comes first


@pytest.fixture
def running(engine: Engine, knowledge: Knowledge) -> tuple[Service, live.LiveDirectory]:
    service = Service(engine, knowledge)

    def put(new: Knowledge) -> None:
        service.knowledge = new

    return service, live.LiveDirectory(engine, knowledge, put)


def bring(engine: Engine, knowledge: Knowledge, path: Path) -> int:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    seen = importing.preview(engine, knowledge, Wanted(path), now)
    number = importing.draft(engine, seen, actor="system", county="", replaces=False)
    importing.apply(engine, number, actor="system")
    return number


def test_answers_go_on_while_a_list_is_imported_and_taken_up(
    engine: Engine, knowledge: Knowledge, running: Any, tmp_path: Path
) -> None:
    service, directory = running
    path = sheets.write_csv(tmp_path / "a.csv", sheets.shops(3000))
    asking = Answering(service)
    asking.thread.start()
    try:
        number = bring(engine, knowledge, path)
        assert directory.refresh()
        found = service.knowledge.directory
        assert len(found.locations) > 3000
        with Session(engine) as session:
            imports.revert(session, imports.find(session, number), actor="system")
            session.commit()
        assert directory.refresh()
    finally:
        asking.done = True
        asking.thread.join()
    assert asking.problem is None
    assert asking.answered > 5
    assert asking.longest < 5
    assert service.knowledge.directory.locations == knowledge.directory.locations


def test_two_processes_take_up_the_same(
    engine: Engine, knowledge: Knowledge, tmp_path: Path
) -> None:
    seen: list[list[Knowledge]] = [[], []]
    processes = [live.LiveDirectory(engine, knowledge, one.append) for one in seen]
    assert [one.refresh() for one in processes] == [False, False]
    bring(engine, knowledge, sheets.write_csv(tmp_path / "a.csv", sheets.shops(50)))
    assert [one.refresh() for one in processes] == [True, True]
    assert [one.refresh() for one in processes] == [False, False]
    first, second = (one[-1].directory.locations for one in seen)
    assert first == second


async def test_the_loop_survives_a_database_that_is_away(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    seen: list[Knowledge] = []
    directory = live.LiveDirectory(sqlite, knowledge, seen.append)
    DirectoryNumber.__table__.drop(sqlite)  # type: ignore[attr-defined]
    loop = asyncio.create_task(directory.run(pause=0.01))
    await asyncio.sleep(0.1)
    assert not loop.done()
    DirectoryNumber.__table__.create(sqlite)  # type: ignore[attr-defined]
    with Session(sqlite) as session:
        store.locked_number(session).number = 7
        session.commit()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if seen:
            break
    loop.cancel()
    assert seen


def test_of_two_changes_at_once_none_is_lost(engine: Engine) -> None:
    """Every change grows the number, also the very first ones."""

    def change() -> None:
        for _ in range(5):
            with Session(engine) as session:
                store.locked_number(session).number += 1
                session.commit()

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        assert store.number(session) == 20
