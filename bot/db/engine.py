"""The one place that knows SQLite from PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import MultiFernet
from sqlalchemy import Connection, Engine, Table, event, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as OutOfConnections
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, create_engine

_CROSSED = ("40P01", "40001")
"""Deadlock, serialization failure: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_NO_ROOM = ("53100", sqlite3.SQLITE_FULL)


@dataclass(frozen=True)
class Pool:
    """Connections of one process to PostgreSQL, and seconds to wait for one."""

    connections: int = 10
    extra: int = 10
    wait: float = 30.0


def connect(url: str, cipher: MultiFernet, pool: Pool = Pool()) -> Engine:
    """Open the database at ``url`` and make SQLite behave for many threads.

    Errors do not show parameters: they would print what people wrote.
    """
    if url.startswith("sqlite"):
        # One connection: SQLite has one writer anyway, and our queue is fairer than its lock.
        engine = create_engine(
            url, pool_size=1, max_overflow=0, pool_timeout=60, hide_parameters=True
        )
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=pool.connections,
            max_overflow=pool.extra,
            pool_timeout=pool.wait,
            hide_parameters=True,
        )
    engine.dialect.cipher = cipher  # type: ignore[attr-defined]
    return engine


def insert_new(bind: Engine | Connection, table: Table) -> Any:
    """An INSERT that passes over rows that are there already, without waking the other's error."""
    dialect = sqlite if bind.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def insert_numbered(
    database: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> Sequence[int]:
    """Insert rows and say their numbers, in the same order."""
    if database.dialect.name != "sqlite":
        stored = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return database.execute(stored, rows).scalars().all()
    # SQLite promises no order of what it returns, so it would be asked row by row; but nobody else
    # writes as long as we hold its lock, so we can count as it does.
    last = database.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    numbers = range(last + 1, last + 1 + len(rows))
    numbered = [{**row, "id": number} for row, number in zip(rows, numbers, strict=True)]
    database.execute(insert(table), numbered)
    return numbers


def is_away(problem: Exception) -> bool:
    """Whether the database could not be worked with: nothing happened, and it may come back."""
    gone = (OperationalError, InterfaceError, OutOfConnections)
    return isinstance(problem, gone) and not is_crossed(problem)


def is_crossed(problem: Exception) -> bool:
    """Whether PostgreSQL ended a transaction because it and another waited for each other."""
    cause = problem.orig if isinstance(problem, OperationalError) else None
    return getattr(cause, "sqlstate", None) in _CROSSED


def is_full(problem: Exception) -> bool:
    """Whether there was no room left on the database's disk."""
    cause = problem.orig if isinstance(problem, OperationalError) else None
    codes = (getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorcode", None))
    return any(code in _NO_ROOM for code in codes)


class Undo:
    """A savepoint, set before the first change only: most turns change nothing but their own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._savepoint: SessionTransaction | None = None

    def from_here(self) -> None:
        """What is done from now on can be taken back; what was done since stays included."""
        if self._savepoint is None:
            self._savepoint = self._session.begin_nested()

    def all(self) -> None:
        """Take it back."""
        if self._savepoint is not None:
            self._savepoint.rollback()

    def forget(self) -> None:
        """Let it stand."""
        if self._savepoint is not None:
            self._savepoint.commit()


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves, below
    # synchronous=FULL: a power cut must not lose a ticket number we promised.
    # secure_delete: what is erased is overwritten.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # Take the write lock up front: a later upgrade could fail with SQLITE_BUSY.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
