"""The statements by which replies are taken from the outbox and settled.

They are done for every message: built once, and of the table itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Update, bindparam, func, literal, or_, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import SQLModel, col, select

from bot.db.tables import Message, Status

QUEUED = literal(Status.QUEUED.value, String, literal_execute=True)
"""Written out: only then may a database use an index of queued messages alone."""
_MESSAGES = SQLModel.metadata.tables["message"]


@dataclass(frozen=True)
class Claimed:
    """A reply on its way: what delivering it takes of its row."""

    id: int
    contact: str
    text: str
    extras: dict[str, Any]
    ticket: str | None
    attempts: int
    """This one included."""
    error: str | None
    """Of the attempt before."""


@cache
def claiming(*, urgent: bool) -> ReturningUpdate[Any]:
    """Takes the ``most`` replies of ``channels`` that are due for longest at ``moment``, and keeps
    others from them ``until`` another; of the ``urgent`` ones only those of a ticket."""
    reply = _MESSAGES.c
    moment = bindparam("moment", type_=reply.due_at.type)
    # Of urgent replies SQLite would go through all that are due, were this a plain column.
    due_at = func.coalesce(reply.due_at, reply.due_at) if urgent else reply.due_at
    of_ticket = (reply.ticket.is_not(None),) if urgent else ()
    first = select(reply.id).where(
        reply.status == QUEUED,
        reply.channel.in_(bindparam("channels", expanding=True)),
        *of_ticket,
        due_at <= moment,
        ~ahead(moment),
    )
    oldest = first.order_by(due_at, reply.id).limit(bindparam("most", type_=Integer))
    heads = oldest.with_for_update(skip_locked=True).cte("heads")
    until = bindparam("until", type_=reply.due_at.type)
    return (
        update(_MESSAGES)
        .where(reply.id.in_(select(heads.c.id)))
        .values(due_at=until, attempts=reply.attempts + 1)
        .returning(*(reply[one.name] for one in fields(Claimed)))
    )


@cache
def arriving() -> Update:
    """Writes down that the replies ``arrived`` came to their people, ``at`` a moment."""
    arrived = _MESSAGES.c.id.in_(bindparam("arrived", expanding=True))
    values: dict[str, Any] = {"status": Status.SENT, "sent_at": bindparam("at"), "error": None}
    return update(_MESSAGES).where(arrived).values(values)


def waiting(channels: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """What waits for one of ``channels``."""
    return (col(Message.status) == QUEUED, col(Message.channel).in_(channels))


def ahead(moment: Any) -> ColumnElement[bool]:
    """An earlier reply to the same person goes first, unless it is meant for later.

    Looked up for each reply by itself, in an index that no other condition fits: PostgreSQL, whose
    statistics are mostly from moments when nothing waits, takes any index of what waits for empty
    and would go through all of it for each reply.
    """
    reply, earlier = _MESSAGES.c, _MESSAGES.alias().c
    first = select(earlier.id).where(
        earlier.contact == reply.contact,
        earlier.id < reply.id,
        func.lower(earlier.status) == QUEUED,
        or_(
            earlier.attempts > 0,
            earlier.due_at <= moment,
            earlier.due_at <= earlier.created_at,  # at once, even if the clock went back since
        ),
    )
    return first.limit(1).scalar_subquery().is_not(None)
