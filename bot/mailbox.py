"""Replies for channels that answer inside the request: what fits goes now, the rest waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import Engine, and_, or_
from sqlmodel import Session, col, select

from bot.db import outbox
from bot.db.tables import Message, Status, now
from handlers.messages import Choice, Contact, Reply

Fit: TypeAlias = Callable[[Sequence[Reply]], tuple[list[Reply], list[Reply]]]
"""Parts replies into those that go now and those that wait; the last that goes may be cut."""
_BEHIND = timedelta(seconds=1)
"""So long the rest stays behind the answer it belongs to."""


@dataclass(frozen=True)
class Handed:
    """What one request is answered with, and whether more waits."""

    replies: list[Reply]
    more: bool


class Mailbox:
    """Hands replies over by occasion: the id of the update they answer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def collect(self, contact: Contact, occasion: str, fit: Fit, *, push: bool) -> Handed:
        """Everything that waits for the person and fits; the same again for the same occasion.

        ``push`` gives the rest to the courier, otherwise it waits for the person.
        """
        return await asyncio.to_thread(self._collect, contact, occasion, fit, push=push)

    async def waits(self, contact: Contact, occasion: str) -> bool:
        """Whether ``collect`` would find anything."""
        return await asyncio.to_thread(self._waits, contact, occasion)

    async def offered(self, contact: Contact) -> tuple[Choice, ...]:
        """The choices of what the person was shown last, in the order of their numbers."""
        return await asyncio.to_thread(self._offered, contact)

    def _collect(self, contact: Contact, occasion: str, fit: Fit, *, push: bool) -> Handed:
        with Session(self.engine, expire_on_commit=False) as session:
            again = _of_occasion(session, contact, occasion)
            waiting = _waiting(session, contact)
            if again or not waiting:
                return Handed([outbox.reply(one) for one in again], more=bool(waiting))
            going, rest = fit([outbox.reply(one) for one in waiting])
            _rewrite(session, waiting, going, rest)
            for message in waiting[: len(going)]:
                message.status, message.sent_at = Status.SENT, now()
                message.occasion = occasion
            session.flush()
            for message in _waiting(session, contact):
                message.status = Status.QUEUED if push else Status.WAITING
                message.due_at = now() + _BEHIND
            session.commit()
            return Handed(going, more=bool(rest))

    def _waits(self, contact: Contact, occasion: str) -> bool:
        with Session(self.engine) as session:
            found = _of_occasion(session, contact, occasion) or _waiting(session, contact)
            return bool(found)

    def _offered(self, contact: Contact) -> tuple[Choice, ...]:
        with Session(self.engine) as session:
            query = select(Message).where(
                col(Message.contact) == str(contact), col(Message.status) == Status.SENT
            )
            last = session.exec(query.order_by(col(Message.id).desc()).limit(1)).first()
            if last is None:
                return ()
            shown = _of_occasion(session, contact, last.occasion) if last.occasion else [last]
            return tuple(choice for one in shown for choice in outbox.reply(one).choices)


def _waiting(session: Session, contact: Contact) -> list[Message]:
    """What no courier has in hand, oldest first; held until commit."""
    due = and_(col(Message.status) == Status.QUEUED, col(Message.due_at) <= now())
    query = select(Message).where(
        col(Message.contact) == str(contact), or_(due, col(Message.status) == Status.WAITING)
    )
    return list(session.exec(query.order_by(col(Message.id)).with_for_update()).all())


def _of_occasion(session: Session, contact: Contact, occasion: str) -> list[Message]:
    query = select(Message).where(
        col(Message.contact) == str(contact),
        col(Message.status) == Status.SENT,
        Message.occasion == occasion,
    )
    return list(session.exec(query.order_by(col(Message.id))).all())


def _rewrite(
    session: Session, messages: list[Message], going: list[Reply], rest: list[Reply]
) -> None:
    """When a reply was cut, its second half takes the next row and all later ones move down,
    so that the order of the rows stays the order of reading."""
    replies = [*going, *rest]
    if len(replies) == len(messages):
        return
    tickets = [one.ticket for one in messages]
    cut = len(going) - 1
    tickets.insert(cut, tickets[cut])
    for message, reply, ticket in zip(messages, replies, tickets, strict=False):
        message.text, message.extras = reply.text, outbox.extras(reply)
        message.ticket = ticket
    contact = Contact.parse(messages[0].contact)
    outbox.put(session, contact, [replies[-1]], ticket=tickets[-1])
