"""What was said between one person and us, as channels that ask for it need it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.db.tables import Message, Status, now
from handlers.messages import Contact

_PAGE = 200
"""Messages handed over at a time."""


class Transcript:
    """Reads conversations; what a person fetches counts as delivered."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def since(self, contact: Contact, after: int = 0) -> list[dict[str, Any]]:
        """Messages with an id above ``after``, oldest first, as JSON values.

        Each has ``id``, ``side`` (``person``, ``bot`` or ``staff``), ``text``, ``at`` (ISO 8601),
        and where present ``choices`` [[value, label]], ``links`` [[url, label]], ``share``,
        ``author`` and ``key``, the id the sender gave it. Without ``after``, the latest page.
        """
        moment = now()
        with Session(self.engine, expire_on_commit=False) as session:
            query = select(Message).where(
                col(Message.contact) == str(contact),
                col(Message.id) > after,
                col(Message.due_at) <= moment,
            )
            order = col(Message.id) if after else col(Message.id).desc()
            found = sorted(
                session.exec(query.order_by(order).limit(_PAGE)).all(), key=lambda m: m.id or 0
            )
            _deliver(session, found, moment)
            return [_entry(message) for message in found]


def _deliver(session: Session, found: list[Message], moment: datetime) -> None:
    queued = [message for message in found if message.status == Status.QUEUED]
    for message in queued:
        message.status, message.sent_at = Status.SENT, moment
    session.add_all(queued)
    if queued:
        session.commit()


def _entry(message: Message) -> dict[str, Any]:
    extras = message.extras
    entry: dict[str, Any] = {
        "id": message.id,
        "side": _side(message),
        "text": extras.get("label") or message.text,
        "at": message.created_at.isoformat(),
    }
    if message.status == Status.RECEIVED and message.external_id:
        entry["key"] = message.external_id
    return entry | {key: value for key, value in extras.items() if key != "label"}


def _side(message: Message) -> str:
    if message.status == Status.RECEIVED:
        return "person"
    return "staff" if message.extras.get("author") else "bot"
