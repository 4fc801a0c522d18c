"""Messages, and updates set aside, are kept as long as the setting says; tickets stay.

Codes for linking and wrong guesses go as soon as they mean nothing.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, func
from sqlmodel import Session, col, delete, select

from bot.db.linking import LinkGuess, LinkRequest
from bot.db.setaside import SetAside
from bot.db.tables import Message, Status, now


def purge(engine: Engine, age: timedelta, *, dry_run: bool = False) -> int:
    """Delete messages older than ``age`` that are not waiting to be sent; returns how many."""
    waiting = (Status.QUEUED, Status.WAITING)
    old = (col(Message.created_at) < now() - age, col(Message.status).not_in(waiting))
    with Session(engine) as session:
        if dry_run:
            return session.exec(select(func.count()).select_from(Message).where(*old)).one()
        count: int = session.exec(delete(Message).where(*old)).rowcount
        session.exec(delete(LinkRequest).where(col(LinkRequest.expires_at) < now()))
        session.exec(delete(LinkGuess).where(col(LinkGuess.at) < now() - timedelta(days=1)))
        session.exec(delete(SetAside).where(col(SetAside.at) < now() - age))
        session.commit()
        return count
