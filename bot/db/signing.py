"""The secret that signs cookies and links and goes into hashes of phone numbers.

It lies encrypted in the database, not in the settings: the keys may change and nobody becomes a
stranger, and a number is still found. After a leak it is renewed on its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from bot.db.engine import insert_new
from bot.db.tables import Conversation, Secret, Staff, Ticket

_NAME = "signing"


def secret(engine: Engine, before: str) -> str:
    """The secret, made on first use. A database older than it goes on with ``before``, which
    signed until then. Raises WrongKey."""
    with Session(engine) as session:
        if found := session.get(Secret, _NAME):
            return found.value
        used = session.exec(select(Conversation.contact).limit(1)).first()
        used = used or session.exec(select(Staff.username).limit(1)).first()
        made = {"name": _NAME, "value": before if used else secrets.token_urlsafe(32)}
        session.execute(insert_new(session.get_bind(), SQLModel.metadata.tables["secret"]), made)
        session.commit()
        return session.exec(select(Secret.value).where(Secret.name == _NAME)).one()


def renew(engine: Engine, hashed: Callable[[str, str], str]) -> int:
    """A new secret, and the ``hashed`` phones of all tickets with it; returns how many.

    No service may run meanwhile: it would go on with the old one.
    """
    anew = secrets.token_urlsafe(32)
    with Session(engine) as session:
        session.merge(Secret(name=_NAME, value=anew))
        found = session.exec(select(Ticket).where(col(Ticket.phone_hash) != "")).all()
        for ticket in found:
            ticket.phone_hash = hashed(ticket.phone, anew)
        session.commit()
        return len(found)
