"""Erases a person: everything in every channel they linked, and the personal part of tickets.

A ticket keeps its number, kind, place and moments, and the chain of its history stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, delete, or_, select, update

from bot import linked, linking, reach
from bot.db import scrubbing, setaside
from bot.db.desk import Attachment, Presence, WrittenDraft
from bot.db.tables import Conversation, Message, State, Status, Ticket, TicketEvent, now
from bot.desk import history, promises, telling
from bot.desk.clock import BEIJING
from handlers.messages import Contact

_REPEATS = timedelta(minutes=10)
"""So long a platform may send again what we took: an emptied line shows that we did."""


@dataclass(frozen=True)
class Erased:
    """What was erased and what had to stay."""

    messages: int = 0
    kept: tuple[tuple[str, str], ...] = ()
    """(number, day) of tickets of which nothing else is left."""
    waiting: str = ""
    """Number of the open ticket about danger to life because of which nothing was erased."""


def forget(
    session: Session,
    contact: Contact,
    *,
    files: Path | None = None,
    staying: bool = False,
    actor: str = "person",
    at: datetime | None = None,
) -> Erased:
    """Erase the person behind ``contact``; files in the folder ``files`` go after the commit.

    ``staying``: they wait for our last word, so that the conversation itself goes a day later.
    While staff look for somebody in danger nothing is erased.
    """
    keys = linked.contacts(session, str(contact))
    mine = session.exec(select(Ticket).where(col(Ticket.contact).in_(keys))).all()
    if urgent := [one for one in mine if _urgent(one)]:
        return Erased(waiting=urgent[0].number)
    _drop_files(session, keys, mine, files)
    for ticket in mine:
        anonymise(session, ticket, actor=actor)
    moment = at or now()
    count = _drop_messages(session, keys, str(contact) if staying else "", moment)
    linking.forget(session, keys)
    for key in keys:
        reach.forget(session, Contact.parse(key))
        setaside.forget(session, key)
        _leave(session, key, moment, staying=staying and key == str(contact))
    days = ((one.number, f"{one.opened_at.astimezone(BEIJING):%Y-%m-%d}") for one in mine)
    return Erased(count, tuple(days))


def anonymise(session: Session, ticket: Ticket, *, actor: str) -> None:
    """Take everything out of a ticket that tells of the person."""
    for line in session.exec(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id)).all():
        history.erase(line)
    for kind in (WrittenDraft, Attachment, Presence):
        session.exec(delete(kind).where(col(kind.ticket_id) == ticket.id))
    _take_back(session, ticket)
    before = ticket.state
    ticket.contact, ticket.phone, ticket.details = telling.FORGOTTEN, "", []
    ticket.phone_hash, ticket.relation, ticket.receipt = "", "", None
    ticket.state, ticket.version = State.RESOLVED, ticket.version + 1
    promises.close(session, ticket)
    history.note(session, ticket, actor, "forgotten", before=before, after=ticket.state)


def expire(session: Session, moment: datetime) -> int:
    """Erase what a day ago was left of people who asked to be forgotten; returns how many people.

    Who wrote again since then is there again.
    """
    due = col(Conversation.forgotten_at) < moment - timedelta(days=1)
    count = 0
    for one in session.exec(select(Conversation).where(due)).all():
        if one.forgotten_at and one.updated_at > one.forgotten_at + _REPEATS:
            one.forgotten_at = None
            continue
        session.exec(delete(Message).where(col(Message.contact) == one.contact))
        session.delete(one)
        count += 1
    scrubbing.after_commit(session)
    return count


def _urgent(ticket: Ticket) -> bool:
    return ticket.priority == "crisis" and ticket.state != State.RESOLVED


def _drop_files(
    session: Session, keys: list[str], mine: Sequence[Ticket], folder: Path | None
) -> None:
    theirs = or_(
        col(Attachment.contact).in_(keys), col(Attachment.ticket_id).in_([one.id for one in mine])
    )
    names = session.exec(select(Attachment.key).where(theirs)).all()
    session.exec(delete(Attachment).where(theirs))
    paths = [folder / name[:2] / name for name in names] if folder else []
    scrubbing.after_commit(session, paths)


def _drop_messages(session: Session, keys: list[str], staying: str, moment: datetime) -> int:
    """All messages; of the last ones of who stays the empty line, so that a repeat is known."""
    fresh = (
        (col(Message.contact) == staying)
        & (col(Message.status) == Status.RECEIVED)
        & (col(Message.created_at) > moment - _REPEATS)
    )
    gone = session.exec(delete(Message).where(col(Message.contact).in_(keys), ~fresh)).rowcount
    emptied = update(Message).where(fresh).values(text="", extras={}, ticket=None)
    return gone + session.exec(emptied).rowcount


def _leave(session: Session, key: str, moment: datetime, *, staying: bool) -> None:
    conversation = session.get(Conversation, key)
    if conversation is None:
        return
    if not staying:
        session.delete(conversation)
        return
    conversation.memory, conversation.record = {}, {}
    conversation.held = conversation.person = None
    conversation.forgotten_at = moment


def _take_back(session: Session, ticket: Ticket) -> None:
    """What was copied into another ticket when this one was merged goes from there as well."""
    if not ticket.merged_into:
        return
    into = session.exec(select(Ticket).where(Ticket.number == ticket.merged_into)).first()
    if into is not None:
        into.details = [one for one in into.details if not one[0].startswith(ticket.number)]
