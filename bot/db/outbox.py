"""The outbox: replies are stored with the state that caused them, then delivered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import func, insert, update
from sqlmodel import Session, SQLModel, col, select

from bot.db.cipher import seal
from bot.db.claiming import QUEUED, Claimed, ahead, arriving, claiming, waiting
from bot.db.news import tell_others
from bot.db.tables import Message, Status, now
from bot.plaintext import plain_reply
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
        for reply in map(plain_reply, replies)
    ]


def put_rows(session: Session, rows: Sequence[Row]) -> None:
    """Queue replies to any number of people, in this order."""
    session.flush()  # what was added before stays before
    if rows:
        session.connection().execute(insert(_MESSAGES), [_sealed(session, row) for row in rows])
        tell_others(session)


def claim(
    session: Session, moment: datetime, channels: Collection[str], *, lease: timedelta = LEASE
) -> Claimed | None:
    """Take one reply and commit; None when there is nothing to take."""
    found = claim_some(session, moment, channels, limit=1, lease=lease)
    session.commit()
    return found[0] if found else None


def claim_some(
    session: Session,
    moment: datetime,
    channels: Collection[str],
    *,
    limit: int,
    lease: timedelta = LEASE,
) -> list[Claimed]:
    """Take up to ``limit`` replies that are due for longest, so that no one else sends them during
    the lease, which begins with the caller's commit.

    What belongs to a ticket – a cry for help, an answer of staff – goes before the rest. Only the
    first of each person's line is taken: a reply waits for an earlier one that is due or on its way.
    """
    given = {"moment": moment, "channels": list(channels), "until": moment + lease}
    urgent = _claim(session, given | {"most": limit}, urgent=True)
    if len(urgent) == limit:
        return urgent
    return urgent + _claim(session, given | {"most": limit - len(urgent)}, urgent=False)


def _claim(session: Session, given: Row, *, urgent: bool) -> list[Claimed]:
    taken = session.connection().execute(claiming(urgent=urgent), given)
    return sorted((Claimed(*row) for row in taken), key=lambda one: one.id)


def mend(session: Session, moment: datetime, lease: timedelta, longest: timedelta) -> None:
    """After the clock went back: what was to go at once goes at once, and nothing waits longer than
    ``longest`` for its next try; such a one may be on its way, and waits a ``lease``. The caller
    commits."""
    at_once = (col(Message.attempts) == 0, col(Message.due_at) <= col(Message.created_at))
    tried = (col(Message.attempts) > 0, col(Message.due_at) > moment + longest)
    queued = update(Message).where(col(Message.status) == QUEUED)
    session.exec(queued.where(*at_once, col(Message.due_at) > moment).values(due_at=moment))
    session.exec(queued.where(*tried).values(due_at=moment + lease))


def next_due(session: Session, moment: datetime, channels: Collection[str]) -> datetime | None:
    """When the next reply of these channels can be taken; None if none waits."""
    query = select(col(Message.due_at)).where(*waiting(channels), ~ahead(moment))
    return session.exec(query.order_by(col(Message.due_at)).limit(1)).first()


def due(session: Session, channel: str, moment: datetime) -> tuple[int, datetime | None]:
    """How many replies of a push channel are due at ``moment``, and since when the oldest is."""
    query = select(func.count(), func.min(Message.due_at)).where(
        *waiting([channel]), col(Message.due_at) <= moment
    )
    count, oldest = session.exec(query).one()
    return count, oldest


def settle(
    session: Session,
    message: Claimed,
    status: Status,
    *,
    due_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """Write down how a claimed reply fared; the caller commits."""
    values: dict[str, Any] = {"status": status, "error": error}
    if due_at:
        values["due_at"] = due_at
    session.exec(update(Message).where(col(Message.id) == message.id).values(**values))


def settle_sent(session: Session, messages: Sequence[Claimed]) -> None:
    """Write down that claimed replies have arrived; the caller commits."""
    if messages:
        given = {"arrived": [message.id for message in messages], "at": now()}
        session.connection().execute(arriving(), given)


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


def reply(message: Message | Claimed) -> Reply:
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
