"""What is erased is gone from the disk: after the commit files are removed and SQLite's log, which
still holds the old pages, is emptied.

Deleted content itself is overwritten by ``PRAGMA secure_delete`` (``bot.db.engine``), but a row that
moved to another page when SQLite balanced its tree may have left a copy between the page's pointers
and its rows: ``rebuild`` writes every page anew. PostgreSQL keeps deleted rows until VACUUM, whose
own rules may let a small table's wait for years: there ``rebuild`` is a VACUUM.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, SQLModel

_TODO = "to be scrubbed after the commit"
_WAIT = 2.0
"""Seconds to wait for somebody who reads."""
_TURN = 60.0
"""Seconds to wait for our turn to write among those who serve."""
log = logging.getLogger(__name__)


def after_commit(session: Session, files: Iterable[Path] = ()) -> None:
    """Scrub once the session's transaction has committed; ``files`` are removed then."""
    session.info.setdefault(_TODO, []).extend(files)


def empty_log(bind: Engine | Connection) -> bool:
    """Move everything from SQLite's log into the database and cut it to nothing.

    False if somebody who reads kept us from it: the next time does it.
    """
    return (file := _file(bind)) is None or _cut(file)


def rebuild(bind: Engine | Connection) -> None:
    """Write SQLite's file anew from the rows that are there. Who writes waits meanwhile.

    On PostgreSQL deleted rows and what indexes hold of them become free room, while everybody goes
    on; their bytes stay on the disk until new rows take that room.

    Raises:
        sqlite3.Error: There was no turn within a minute, or no room for a second copy.
        SQLAlchemyError: PostgreSQL would not.
    """
    if bind.dialect.name == "postgresql":
        _vacuum(bind.engine)
    if file := _file(bind):
        with closing(sqlite3.connect(file, timeout=_TURN)) as line:
            line.execute("VACUUM")
        _cut(file)


def _vacuum(engine: Engine) -> None:
    names = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
    with engine.connect() as line:
        line = line.execution_options(isolation_level="AUTOCOMMIT")
        # By itself it leaves the indexes alone where few rows are gone: they hold who it was.
        line.exec_driver_sql(f"VACUUM (INDEX_CLEANUP ON) {names}")


def _file(bind: Engine | Connection) -> str | None:
    return bind.engine.url.database if bind.dialect.name == "sqlite" else None


def _cut(file: str) -> bool:
    with closing(sqlite3.connect(file, timeout=_WAIT)) as line:
        (busy, *_) = line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


@event.listens_for(AnySession, "after_commit")
def _scrub(session: AnySession) -> None:
    if session.in_nested_transaction() or (files := session.info.pop(_TODO, None)) is None:
        return
    try:
        for path in files:
            path.unlink(missing_ok=True)
        if not empty_log(session.get_bind()):
            log.info("the log of the database is emptied later: somebody reads")
    except (OSError, sqlite3.Error) as problem:  # what was erased stays erased; `purge` does it
        log.warning("not scrubbed yet: %s", type(problem).__name__)


@event.listens_for(AnySession, "after_soft_rollback")
def _leave(session: AnySession, _transaction: Any) -> None:
    session.info.pop(_TODO, None)  # nothing was erased: what it belonged to still needs it
