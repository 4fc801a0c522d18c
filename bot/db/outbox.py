"""The outbox: replies are stored with the state that caused them, then delivered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import false, func, insert, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from bot.db.cipher import seal
from bot.db.tables import Message, Status, now
from handlers.messages import Choice, Contact, Link, Reply, Venue

Row: TypeAlias = dict[str, Any]
_SKETCHED = "示意图：从哪里出发，清单里各处在哪个方向、多远"
_SKETCH = "sketch"
LEASE = timedelta(seconds=60)
_MESSAGES = SQLModel.metadata.tables["message"]


def put(
    session: Session,
    contact: Contact,
    replies: Iterable[Reply],
    *,
    ticket: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Queue replies; they exist only if the caller's transaction commits."""
    put_rows(session, rows(contact, replies, ticket=ticket, due_at=due_at))


def rows(
    contact: Contact,
    replies: Iterable[Reply],
    *,
    ticket: str | None = None,
    due_at: datetime | None = None,
) -> list[Row]:
    """Replies as ``put_rows`` takes them."""
    return [
        {
            "contact": str(contact),
            "text": reply.text,
            "extras": extras(reply) | ({_SKETCH: asdict(reply.sketch)} if reply.sketch else {}),
            "ticket": ticket,
            "status": Status.QUEUED,
            "due_at": due_at or now(),
        }
        for reply in replies
    ]


def put_rows(session: Session, rows: Sequence[Row]) -> None:
    """Queue replies to any number of people, in this order."""
    session.flush()  # what was added before stays before
    if rows:
        session.execute(insert(_MESSAGES), [_sealed(session, row) for row in rows])


def claim(session: Session, moment: datetime, channels: Iterable[str]) -> Message | None:
    """Take the oldest reply that is due, so that no one else sends it meanwhile.

    A reply waits for an earlier one to the same person that is on its way. None when nothing is
    due or another courier was faster.
    """
    earlier = aliased(Message)
    ahead = select(earlier.id).where(
        col(earlier.contact) == col(Message.contact),
        col(earlier.id) < col(Message.id),
        col(earlier.status) == Status.QUEUED,
        col(earlier.attempts) > 0,
    )
    prefixes = [col(Message.contact).startswith(f"{name}:") for name in channels]
    due = (col(Message.status) == Status.QUEUED, col(Message.due_at) <= moment)
    found = session.exec(
        select(Message)
        .where(*due, _any(prefixes), ~ahead.exists())
        .order_by(col(Message.id))
        .limit(1)
    ).first()
    if found is None:
        return None
    taken = session.exec(
        update(Message)
        .where(col(Message.id) == found.id, *due)
        .values(due_at=moment + LEASE, attempts=Message.attempts + 1)
    )
    session.commit()
    if taken.rowcount != 1:
        return None
    session.refresh(found)
    return found


def next_due(session: Session, channels: Iterable[str]) -> datetime | None:
    """When the next reply of these channels is due; None if none waits."""
    prefixes = [col(Message.contact).startswith(f"{name}:") for name in channels]
    query = select(col(Message.due_at)).where(
        col(Message.status) == Status.QUEUED, or_(false(), *prefixes)
    )
    return session.exec(query.order_by(col(Message.due_at)).limit(1)).first()


def due(session: Session, channel: str, moment: datetime) -> tuple[int, datetime | None]:
    """How many replies of a push channel are due at ``moment``, and since when the oldest is."""
    query = select(func.count(), func.min(Message.due_at)).where(
        col(Message.status) == Status.QUEUED,
        col(Message.due_at) <= moment,
        col(Message.contact).startswith(f"{channel}:"),
    )
    count, oldest = session.exec(query).one()
    return count, oldest


def settle(
    session: Session,
    message: Message,
    status: Status,
    *,
    due_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """Write down how a claimed reply fared."""
    values: dict[str, Any] = {"status": status, "error": error}
    if due_at:
        values["due_at"] = due_at
    if status == Status.SENT:
        values["sent_at"] = now()
    session.exec(update(Message).where(col(Message.id) == message.id).values(**values))
    session.commit()


def take(session: Session, contact: Contact) -> list[Reply]:
    """Hand over everything due for one person: for channels that ask instead of being told."""
    due = session.exec(
        select(Message)
        .where(
            col(Message.contact) == str(contact),
            col(Message.status) == Status.QUEUED,
            col(Message.due_at) <= now(),
        )
        .order_by(col(Message.id))
    ).all()
    for message in due:
        message.status, message.sent_at = Status.SENT, now()
    replies = [reply(message) for message in due]
    session.commit()
    return replies


def reply(message: Message) -> Reply:
    """The reply a stored message was made from."""
    extras = message.extras
    return Reply(
        message.text,
        choices=tuple(Choice(*pair) for pair in extras.get("choices", ())),
        links=tuple(Link(*pair) for pair in extras.get("links", ())),
        share=extras.get("share"),
        author=extras.get("author", ""),
        venue=Venue(*extras["venue"]) if "venue" in extras else None,
    )


def extras(reply: Reply) -> dict[str, Any]:
    """What a stored message keeps of a reply besides its text."""
    found = {
        "choices": [[choice.value, choice.label] for choice in reply.choices],
        "links": [[link.url, link.label] for link in reply.links],
        "share": reply.share,
        "author": reply.author,
        "venue": list(astuple(reply.venue)) if reply.venue else None,
    }
    return {key: value for key, value in found.items() if value}


def _sealed(session: Session, row: Row) -> Row:
    """A row with the picture's address and words in place of a sketch, which may say where the
    person is: only sealed is it kept."""
    sketch = row["extras"].pop(_SKETCH, None)
    if sketch is None:
        return row
    cipher = session.get_bind().dialect.cipher  # type: ignore[attr-defined]
    pictures = [[f"/chat/map/{seal(cipher, sketch)}.svg", _SKETCHED]]
    return row | {"extras": row["extras"] | {"pictures": pictures}}


def _any(conditions: list[Any]) -> Any:

    return or_(false(), *conditions)
