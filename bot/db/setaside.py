"""Updates that no try could deal with, kept so that somebody can look at them and mend the fault.

They hold what a person wrote: encrypted, erased with the person, purged with old messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, delete, select

from bot.db.cipher import EncryptedJson
from bot.db.tables import Utc, now

_REASON = 500


class SetAside(SQLModel, table=True):
    """One such update."""

    __table_args__ = (UniqueConstraint("channel", "update_id"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    update_id: int = Field(sa_type=BigInteger)
    contact: str = Field(default="", index=True)
    """Whose it is, as far as can be told."""
    reason: str
    raw: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(EncryptedJson, nullable=False)
    )
    at: datetime = Field(default_factory=now, sa_type=Utc)


def keep(session: Session, channel: str, update_id: int, reason: str, raw: dict[str, Any]) -> None:
    """Keep an update; a second time changes nothing."""
    if find(session, channel, update_id) is not None:
        return
    session.add(
        SetAside(
            channel=channel,
            update_id=update_id,
            contact=f"{channel}:{_chat(raw)}",
            reason=reason[:_REASON],
            raw=raw,
        )
    )
    session.commit()


def latest(session: Session, channel: str, limit: int = 50) -> Sequence[SetAside]:
    """Newest first."""
    query = select(SetAside).where(SetAside.channel == channel)
    return session.exec(query.order_by(col(SetAside.id).desc()).limit(limit)).all()


def find(session: Session, channel: str, update_id: int) -> SetAside | None:
    """The update with this number."""
    query = select(SetAside).where(SetAside.channel == channel, SetAside.update_id == update_id)
    return session.exec(query).first()


def forget(session: Session, contact: str) -> None:
    """Erase what one person wrote."""
    session.exec(delete(SetAside).where(col(SetAside.contact) == contact))


def _chat(raw: dict[str, Any]) -> object:
    """The number of the chat an update is about, wherever it stands."""
    for part in raw.values():
        if not isinstance(part, dict):
            continue
        message = part.get("message")
        inner = message if isinstance(message, dict) else part
        chat = inner.get("chat") or part.get("from")
        if isinstance(chat, dict) and "id" in chat:
            return chat["id"]
    return ""
