"""Messages are kept as long as the setting says; what else has a term: ``bot.expiry``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, func
from sqlmodel import Session, col, delete, select

from bot.db.tables import Message, now

_AT_ONCE = 5000
"""Rows of one transaction: nobody who writes meanwhile waits for long."""


def purge(engine: Engine, age: timedelta, *, dry_run: bool = False) -> int:
    """Delete messages older than ``age``; returns how many.

    What waits to be sent goes too, unless it is due later than that: nobody came to fetch it.
    """
    limit = now() - age
    old = (col(Message.created_at) < limit, col(Message.due_at) < limit)
    if dry_run:
        with Session(engine) as session:
            return session.exec(select(func.count()).select_from(Message).where(*old)).one()
    return sum(_portions(engine, old))


def _portions(engine: Engine, old: tuple[ColumnElement[bool], ...]) -> Iterator[int]:
    """Old messages have low numbers: walk upwards from the lowest until a portion has none."""
    last, count = 0, 1
    while count:
        with Session(engine) as session:
            query = select(Message.id).where(col(Message.id) > last).order_by(col(Message.id))
            ids = session.exec(query.limit(_AT_ONCE)).all()
            if not ids:
                return
            count = session.exec(delete(Message).where(col(Message.id).in_(ids), *old)).rowcount
            session.commit()
        last = ids[-1] or 0
        yield count
