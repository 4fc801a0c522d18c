"""Who is one person: the contacts they linked, and the one that hears us best."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from bot.db.tables import Conversation, Message, Ticket
from handlers.messages import Contact


def contacts(session: Session, key: str) -> list[str]:
    """Every contact of the person behind ``key``, sorted; only ``key`` for most people."""
    conversation = session.get(Conversation, key)
    if conversation is None or conversation.person is None:
        return [key]
    query = select(Conversation.contact).where(Conversation.person == conversation.person)
    return list(session.exec(query.order_by(col(Conversation.contact))).all())


def lock(session: Session, key: str) -> None:
    """Hold the conversations of the person until commit, always in the same order."""
    query = select(Conversation).where(col(Conversation.contact).in_(contacts(session, key)))
    session.exec(query.order_by(col(Conversation.contact)).with_for_update()).all()


def nearest(session: Session, key: str) -> Contact:
    """Where to write to the person: the channel they wrote in last and did not block."""
    found = [session.get(Conversation, one) for one in contacts(session, key)]
    open_ones = [one for one in found if one is not None and one.blocked_at is None]
    latest = max(open_ones, key=lambda one: one.updated_at, default=None)
    return Contact.parse(latest.contact if latest else key)


def release(session: Session, ticket: Ticket) -> None:
    """Give the conversations this ticket holds back to the assistant."""
    for key in contacts(session, ticket.contact):
        conversation = session.get(Conversation, key)
        if conversation and conversation.held == ticket.number:
            conversation.held = None


def answers_elsewhere(
    session: Session, contact: Contact, numbers: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Ticket number → (channel, words) where staff's last words went to another channel of the
    person than ``contact``."""
    mine = contacts(session, str(contact))
    if len(mine) == 1:
        return {}
    query = select(Message).where(col(Message.ticket).in_(numbers), col(Message.contact).in_(mine))
    said = session.exec(query.order_by(col(Message.id))).all()
    last = {one.ticket or "": one for one in said if one.extras.get("author")}
    return {
        number: (Contact.parse(one.contact).channel, one.text)
        for number, one in last.items()
        if one.contact != str(contact)
    }
