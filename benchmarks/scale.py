"""Millions of messages on PostgreSQL: ``python -m benchmarks.scale postgresql+psycopg://…/postgres``.

In a database of its own (dropped at the end) the real table is filled to ``--start`` million
messages and then to ``--millions``, ten of each contact, over 180 days. At each size: whole turns,
deliveries, and as a peer a bare insert and commit, all in one run. Then a sixth of it is deleted
row by row as ``youjun purge`` does while turns go on, and the same is tried with the table
partitioned by month. ``python -m benchmarks.cities`` is about several databases.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import Engine, create_engine, make_url, text
from sqlmodel import Session

from benchmarks.core import KEY, questions
from bot.db import outbox, retention, schema, scrubbing
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import now
from bot.service import Service
from handlers.messages import Contact, Update
from knowledge.base import load_knowledge

NAME = "youjun_scale"
EACH = 10
"""Messages of one contact."""
DAYS = 180
TURNS = 600
_PORTION = 1_000_000
_NUMBERS = itertools.count()
"""Of updates: none comes again."""
_FILL = f"""
INSERT INTO message (contact, channel, external_id, text, extras, status, attempts, created_at,
    due_at, sent_at)
SELECT 'telegram:' || (n * 7919) % :people, 'telegram', CASE WHEN n % 2 = 0 THEN n::text END,
    CASE WHEN n % 2 = 0 THEN :asked ELSE :said END, '', CASE WHEN n % 2 = 0 THEN 'received'
    ELSE 'sent' END, n % 2, at, at, at
FROM (SELECT n, now() - cast(:last - n AS float8) / :last * interval '{DAYS} days' AS at
    FROM generate_series(cast(:first AS bigint), :until) AS n) AS numbered"""  # noqa: S608
_CONVERSATIONS = """
INSERT INTO conversation (contact, record, memory, updated_at)
SELECT 'telegram:' || n, '', '', now() FROM generate_series(0, :people - 1) AS n
ON CONFLICT DO NOTHING"""


@contextlib.contextmanager
def database(server: str, name: str = NAME) -> Iterator[str]:
    """The address of a new database with our tables."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as line:
        line.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        line.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        engine = connect(url, make_cipher([KEY]))
        schema.migrate(engine)
        engine.dispose()
        yield url
    finally:
        with admin.connect() as line:
            line.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


def fill(engine: Engine, first: int, last: int) -> float:
    """Messages number ``first`` to ``last``; how many a second."""
    cipher, began = make_cipher([KEY]), time.perf_counter()
    values = {
        "people": last // EACH,
        "asked": cipher.encrypt("优待证丢了怎么补办".encode()).decode(),
        "said": cipher.encrypt(("字" * 200).encode()).decode(),
        "last": last,
    }
    for at in range(first, last, _PORTION):
        until = min(at + _PORTION, last)
        with engine.begin() as line:
            line.execute(text(_FILL), values | {"first": at + 1, "until": until})
    with engine.begin() as line:
        line.execute(text(_CONVERSATIONS), values)
    tidy(engine, "VACUUM (ANALYZE) message", "VACUUM (ANALYZE) conversation", "CHECKPOINT")
    return (last - first) / (time.perf_counter() - began)


def tidy(engine: Engine, *statements: str) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as line:
        for one in statements:
            line.execute(text(one))


def size(engine: Engine) -> tuple[float, float]:
    """Gigabytes of the messages' rows and of their indexes, all parts together."""
    query = """SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class WHERE oid =
        'message'::regclass OR oid IN
        (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'message'::regclass)"""
    with engine.connect() as line:
        rows, indexes = line.execute(text(query)).one()
    return float(rows) / 1e9, float(indexes) / 1e9


class Crowd:
    """People among those in the table, who ask one after another."""

    def __init__(self, engine: Engine, people: int) -> None:
        self.engine, self._people = engine, people
        self._service = Service(engine, load_knowledge())
        self._asked = questions()
        self._dice = random.Random(people)  # noqa: S311

    def asks(self) -> None:
        """A whole turn, committed."""
        contact = Contact("telegram", str(self._dice.randrange(self._people)))
        said = self._dice.choice(self._asked)
        self._service.receive(Update(f"u{next(_NUMBERS)}", contact, said))

    def hears(self) -> None:
        """A reply taken from the outbox and settled, as the courier does."""
        with Session(self.engine) as session:
            [one] = outbox.claim_some(session, now(), ["telegram"], limit=1)
            session.commit()
            outbox.settle_sent(session, [one])
            session.commit()

    def inserts(self) -> None:
        """The peer: one row and a commit."""
        with self.engine.begin() as line:
            line.execute(text("INSERT INTO bare VALUES (:words)"), {"words": "字" * 300})


def spread(act: Callable[[], None], times: int = TURNS) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), sorted(taken)[int(times * 0.99)]


def measure(engine: Engine, what: str, messages: int) -> None:
    """One line of the table."""
    with engine.begin() as line:
        line.execute(text("CREATE TABLE IF NOT EXISTS bare (words TEXT)"))
    crowd = Crowd(engine, messages // EACH)
    spread(crowd.asks, 50)
    found = [spread(act) for act in (crowd.asks, crowd.hears, crowd.inserts)]
    rows, indexes = size(engine)
    cells = " | ".join(f"{p50:.2f} | {p99:.2f}" for p50, p99 in found)
    ratio = (found[0][0] + found[1][0]) / found[2][0]
    print(f"| {what} | {rows:.1f} + {indexes:.1f} | {cells} | {ratio:.1f} |", flush=True)


def purge(engine: Engine, messages: int) -> None:
    """Delete the oldest sixth row by row while people ask."""
    crowd, stop, taken = Crowd(engine, messages // EACH), threading.Event(), list[float]()

    def ask() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            crowd.asks()
            taken.append(1000 * (time.perf_counter() - began))
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    began = time.perf_counter()
    count = retention.purge(engine, timedelta(days=DAYS * 5 / 6))
    spent = time.perf_counter() - began
    stop.set()
    asking.join()
    began = time.perf_counter()
    scrubbing.rebuild(engine)
    taken.sort()
    print(
        f"purge: {count} rows in {spent:.0f} s, {count / spent:.0f}/s; turns meanwhile p50 "
        f"{statistics.median(taken):.1f} ms, p99 {taken[int(len(taken) * 0.99)]:.1f}; VACUUM "
        f"afterwards {time.perf_counter() - began:.0f} s",
        flush=True,
    )


def partition(engine: Engine) -> float:
    """The table anew, by month, under the same name; seconds it took. Every unique key must hold
    the month, and the program need not know of it: a default fills it in."""
    began = time.perf_counter()
    with engine.begin() as line:
        for statement in _PARTITIONED:
            line.execute(text(statement))
    tidy(engine, "VACUUM (ANALYZE) message", "CHECKPOINT")
    return time.perf_counter() - began


_MONTH = "date_trunc('month', now() AT TIME ZONE 'UTC')"
_PARTITIONED = (
    "ALTER TABLE message RENAME TO whole",
    f"""CREATE TABLE message (LIKE whole INCLUDING DEFAULTS,
        month timestamp NOT NULL DEFAULT {_MONTH}) PARTITION BY RANGE (month)""",
    f"""DO $$ BEGIN FOR n IN -8..1 LOOP EXECUTE format(
        'CREATE TABLE message_%s PARTITION OF message FOR VALUES FROM (%L) TO (%L)', n + 8,
        {_MONTH} + n * interval '1 month', {_MONTH} + (n + 1) * interval '1 month');
        END LOOP; END $$""",
    """INSERT INTO message SELECT whole.*, date_trunc('month', created_at AT TIME ZONE 'UTC')
        FROM whole""",
    "CREATE UNIQUE INDEX ON message (id, month)",
    "CREATE UNIQUE INDEX ON message (contact, external_id, month)",
    "CREATE INDEX ON message (contact, id)",
    "CREATE INDEX ON message (ticket)",
    "CREATE INDEX ON message (channel, due_at) WHERE status = 'queued'",
    "CREATE INDEX ON message (contact, id) WHERE status = 'queued'",
    "CREATE INDEX ON message (channel, ticket, due_at) WHERE status = 'queued'",
    "ALTER SEQUENCE message_id_seq OWNED BY NONE",
    "DROP TABLE whole",
)


_OLDEST = """
SELECT tableoid::regclass::text, count(*) FROM message WHERE month =
    (SELECT min(month) FROM message WHERE month > (SELECT min(month) FROM message)) GROUP BY 1"""


def drop_oldest(engine: Engine) -> None:
    """The oldest whole month."""
    with engine.connect() as line:
        name, count = line.execute(text(_OLDEST)).one()
    began = time.perf_counter()
    with engine.begin() as line:
        line.execute(text(f"DROP TABLE {name}"))
    spent = 1000 * (time.perf_counter() - began)
    print(f"dropping a month: {count} rows in {spent:.0f} ms", flush=True)


def main() -> None:
    """Print the tables of ``docs/scaling.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--millions", type=int, default=20)
    given = parser.parse_args()
    small, large = given.start * _PORTION, given.millions * _PORTION
    print(
        "| messages | GB | turn p50 ms | p99 | delivery p50 ms | p99 | bare p50 ms | p99 | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with database(given.server) as url:
        engine = connect(url, make_cipher([KEY]))
        fill(engine, 0, small)
        measure(engine, f"{given.start} M", small)
        rate = fill(engine, small, large)
        measure(engine, f"{given.millions} M", large)
        print(f"filled {rate:.0f}/s", flush=True)
        purge(engine, large)
        print(f"partitioned in {partition(engine):.0f} s", flush=True)
        measure(engine, "five sixths of it, by month", large)
        drop_oldest(engine)
        measure(engine, "a month dropped", large)
        engine.dispose()


if __name__ == "__main__":
    main()
