"""The one place that knows SQLite from PostgreSQL."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import MultiFernet
from sqlalchemy import Engine, event
from sqlmodel import create_engine


def connect(url: str, cipher: MultiFernet) -> Engine:
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
            url, pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True
        )
    engine.dialect.cipher = cipher  # type: ignore[attr-defined]
    return engine


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves, below
    # synchronous=FULL: a power cut must not lose a ticket number we promised.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # Take the write lock up front: a later upgrade could fail with SQLITE_BUSY.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
