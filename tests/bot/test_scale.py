"""A year's messages and tickets on PostgreSQL: every statement of a turn and a delivery has an index."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session

from bot.db import outbox
from bot.db.tables import now
from bot.mailbox import Mailbox
from bot.service import Service
from bot.transcript import Transcript
from handlers.messages import Contact, Reply, Update

MESSAGES, TICKETS = (1_000_000, 100_000) if "SCALE_FULL" in os.environ else (200_000, 20_000)
PEOPLE = MESSAGES // 50
_FILL = """
INSERT INTO message (contact, channel, external_id, text, extras, status, attempts, created_at, due_at)
SELECT 'telegram:' || n % :people, 'telegram', n::text, :sealed, :sealed_map, CASE
    WHEN n % 1000 = 0 THEN 'queued' WHEN n % 2 = 0 THEN 'received' ELSE 'sent' END, 0,
    now() - (:messages - n) * interval '20 seconds', now() - interval '1 minute'
FROM generate_series(1, :messages) n"""
_UNFETCHED = """
INSERT INTO message (contact, channel, text, extras, status, attempts, created_at, due_at)
SELECT 'web:' || n, 'web', :sealed, :sealed_map, 'queued', 0, now(), now() - interval '1 day'
FROM generate_series(1, :messages / 20) n"""
_TICKETS = """
INSERT INTO ticket (number, contact, service, topic, county, town, priority, details, phone, state,
    version, opened_at, due_at, paused_minutes, phone_hash, relation)
SELECT 'T' || lpad(n::text, 6, '0'), 'telegram:' || n % :people, 'other-help', 'general', '海门区', '',
    'normal', :sealed_list, :sealed, '已办结', 1, now(), now(), 0, '', '' FROM generate_series(1, :tickets) n"""

_CONVERSATIONS = """
INSERT INTO conversation (contact, record, memory, updated_at)
SELECT 'telegram:' || n, :sealed_map, :sealed_map, now() FROM generate_series(0, :people) n"""


@pytest.fixture
def year(postgres: Engine) -> Engine:
    cipher = postgres.dialect.cipher  # type: ignore[attr-defined]
    values = {
        "people": PEOPLE,
        "messages": MESSAGES,
        "tickets": TICKETS,
        "sealed": cipher.encrypt("好".encode()).decode(),
        "sealed_map": cipher.encrypt(b"{}").decode(),
        "sealed_list": cipher.encrypt(b"[]").decode(),
    }
    with postgres.begin() as connection:
        for statement in (_FILL, _UNFETCHED, _TICKETS, _CONVERSATIONS):
            connection.execute(text(statement), values)
    with postgres.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))
    return postgres


def plans(engine: Engine, act: Callable[[], Any]) -> list[tuple[str, str]]:
    """The statements of ``act`` that read or change messages and tickets, with their plans."""
    said: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            said.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", listen)
    act()
    event.remove(engine, "before_cursor_execute", listen)
    found = []
    with engine.connect() as connection:
        for statement, parameters in said:
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
            found.append((statement, "\n".join(row[0] for row in rows)))
    return found


def test_no_statement_reads_a_whole_table(year: Engine, service: Service) -> None:
    person = Contact("telegram", "7")

    def claim() -> None:
        with Session(year) as session:
            assert outbox.claim(session, now(), ["telegram", "wechat"]) is not None
            outbox.next_due(session, now(), ["telegram", "wechat"])
            outbox.due(session, "telegram", now())

    acts: dict[str, Callable[[], Any]] = {
        "a question": lambda: service.receive(Update("a", person, "优待证丢了怎么补办")),
        "progress": lambda: service.receive(Update("b", person, "进度")),
        "a cry for help": lambda: service.receive(Update("c", person, "我不想活了")),
        "a delivery": claim,
        "the page's history": lambda: Transcript(year).since(person, 5),
        "WeChat's mailbox": lambda: Mailbox(year)._waits(person, "1"),
    }
    seen = 0
    for name, act in acts.items():
        for statement, plan in plans(year, act):
            seen += 1
            for table in ("message", "ticket", "conversation"):
                assert f"Seq Scan on {table} " not in plan, (name, statement, plan)
    assert seen > 15


def claims(engine: Engine) -> list[str]:
    """The plans of taking what is urgent, then anything."""

    def claim() -> None:
        with Session(engine) as session:
            outbox.claim(session, now(), ["telegram"])

    return [plan for statement, plan in plans(engine, claim) if "heads" in statement]


def test_a_backlog_that_statistics_know_nothing_of_is_not_compared_with_itself(
    postgres: Engine,
) -> None:
    """Telegram was away for a while: a moment ago nothing waited, now thousands do."""
    with postgres.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        values = {"messages": 20_000, "people": 2000, "sealed": "", "sealed_map": ""}
        connection.execute(text(_FILL.replace("'queued'", "'sent'")), values)
        connection.execute(text("VACUUM (ANALYZE) message"))
    people = (Contact("telegram", str(n)) for n in range(1000))
    rows = [row for one in people for row in outbox.rows(one, [Reply("好")])]
    with Session(postgres) as session:
        outbox.put_rows(session, rows)
        session.commit()
    for plan in claims(postgres):
        assert "ix_message_ahead on message" in plan
        assert plan.split("ix_message_ahead", 1)[1].splitlines()[1].count("Index Cond: (((contact)")


def test_sqlite_looks_for_urgent_replies_among_the_urgent_ones(sqlite: Engine) -> None:
    explained: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, given: Any, _x: Any, _many: bool) -> None:
        if "heads" in statement:
            steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            explained.append(" ".join(step[3] for step in steps))

    event.listen(sqlite, "before_cursor_execute", explain)
    with Session(sqlite) as session:
        outbox.claim(session, now(), ["telegram"])
    urgent, rest = explained
    assert "INDEX ix_message_urgent (channel=? AND ticket>?)" in urgent
    assert "INDEX ix_message_due (channel=? AND due_at<?)" in rest
    assert all("INDEX ix_message_ahead (contact=? AND id<?)" in one for one in explained)


@pytest.fixture
def engine(year: Engine) -> Engine:
    """What ``service`` works on."""
    return year
