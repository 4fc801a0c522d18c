"""Durable updates a second: ``python -m benchmarks.core sqlite:////tmp/core.db --updates 4000``.

The whole path of an update – store it, safety, search, answer, outbox, commit with the database's
full durability – beside two peers in the same run: a bare loop of insert and commit on the same
database, and the handlers alone. ``--processes N`` for PostgreSQL. The database should be empty.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier

from sqlalchemy import text
from sqlmodel import Session, func, select

import handlers
from benchmarks.question_sets import asked
from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import Message, Status, now
from bot.gathering import Gathering
from bot.service import Service
from handlers.messages import Contact, Update
from handlers.turn import Situation
from knowledge.base import Knowledge, load_knowledge

PEOPLE = 2000
IN_FLIGHT = 64
"""Updates that wait at the same moment, in each process."""
BARE_SECONDS = 3.0
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def updates(count: int, name: str) -> Iterator[Update]:
    """So many updates of many people, the same in every run."""
    dice, texts = random.Random(name), asked()  # noqa: S311
    for number in range(count):
        person = Contact("web", f"{name}-{dice.randrange(PEOPLE)}")
        yield Update(f"{name}-{number}", person, dice.choice(texts))


def bare(url: str) -> float:
    """Inserts of one row of a message's size a second, each committed, by one connection."""
    engine = connect(url, make_cipher([KEY]))
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS bare (id INTEGER, words TEXT)"))
        connection.commit()
        raw = connection.connection.dbapi_connection
        assert raw is not None
        cursor, words, done = raw.cursor(), "字" * 300, 0
        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        insert = f"INSERT INTO bare VALUES ({mark}, {mark})"  # noqa: S608
        end = time.perf_counter() + BARE_SECONDS
        while time.perf_counter() < end:
            cursor.execute(insert, (done, words))
            raw.commit()
            done += 1
        connection.execute(text("DROP TABLE bare"))
        connection.commit()
    engine.dispose()
    return done / BARE_SECONDS


def alone(knowledge: Knowledge, count: int) -> float:
    """Turns a second that the handlers make when nothing is stored."""
    asked = list(updates(count, "alone"))
    start = time.perf_counter()
    for update in asked:
        at = Situation(now=now(), knowledge=knowledge, perform=lambda _: None)
        handlers.respond(update, at)
    return count / (time.perf_counter() - start)


async def _pour(service: Service, asked: Iterator[Update]) -> None:
    gathering = Gathering(service.receive_all)

    async def lane() -> None:
        for update in asked:
            await gathering.receive(update)

    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))


def work(
    url: str, count: int, name: str, start: Barrier, spent: multiprocessing.SimpleQueue
) -> None:  # type: ignore[type-arg]
    """One process: answer so many updates; reports seconds and CPU seconds."""
    engine = connect(url, make_cipher([KEY]))
    service = Service(engine, load_knowledge())
    asyncio.run(_pour(service, updates(100, f"warm-{name}")))
    asked = iter(list(updates(count, name)))
    start.wait()
    at, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_pour(service, asked))
    spent.put((time.perf_counter() - at, time.process_time() - cpu))
    engine.dispose()


def together(url: str, count: int, processes: int) -> tuple[float, float]:
    """Updates a second by all processes, and CPU milliseconds of ours for each."""
    context = multiprocessing.get_context("spawn")
    start, spent = context.Barrier(processes), context.SimpleQueue()
    share = count // processes
    all_of_them = [
        context.Process(target=work, args=(url, share, f"p{number}", start, spent))
        for number in range(processes)
    ]
    for one in all_of_them:
        one.start()
    found = [spent.get() for _ in all_of_them]
    for one in all_of_them:
        one.join()
    slowest = max(seconds for seconds, _ in found)
    return share * processes / slowest, 1000 * sum(cpu for _, cpu in found) / (share * processes)


def _stored(url: str) -> int:
    with Session(connect(url, make_cipher([KEY]))) as session:
        query = select(func.count()).select_from(Message).where(Message.status == Status.RECEIVED)
        return session.exec(query.where(~Message.contact.startswith("web:warm"))).one()  # type: ignore[attr-defined]


def main() -> None:
    """Print a line for the table in ``docs/scaling.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--updates", type=int, default=4000)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    engine = connect(given.database, make_cipher([KEY]))
    schema.migrate(engine)
    kind = engine.dialect.name
    engine.dispose()
    before, stored = bare(given.database), _stored(given.database)
    rate, cpu = together(given.database, given.updates, given.processes)
    assert _stored(given.database) - stored == given.updates // given.processes * given.processes
    loop = (before + bare(given.database)) / 2
    pure = alone(load_knowledge(), 1000)
    print(
        "| database | processes | updates/s | CPU ms each | bare insert-commit/s | ratio | handlers alone/s | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {kind} | {given.processes} | {rate:.0f} | {cpu:.2f} | {loop:.0f} | {rate / loop:.2f} "
        f"| {pure:.0f} | {rate / pure:.2f} |"
    )


if __name__ == "__main__":
    main()
