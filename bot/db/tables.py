"""Everything we keep."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, String, Text, UniqueConstraint
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from bot.db.cipher import EncryptedJson, EncryptedText


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


class Utc(TypeDecorator[datetime]):
    """A moment in time: SQLite forgets the zone, so we put it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def _json() -> Any:
    return Column(JSON, nullable=False)


class Conversation(SQLModel, table=True):
    """Where a person's dialogue stands: the flow they are in, its record, what we remember."""

    contact: str = Field(primary_key=True)
    flow: str | None = None
    record: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(EncryptedJson, nullable=False)
    )
    memory: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    held: str | None = None
    """Number of the ticket whose staff have the conversation."""
    blocked_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the channel told us that the person blocked us."""
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)


class Status(StrEnum):
    """Where a message stands."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Message(SQLModel, table=True):
    """One message either way: the transcript, the duplicate filter and the outbox."""

    __table_args__ = (
        UniqueConstraint("contact", "external_id"),
        Index("ix_message_due", "status", "due_at"),
        Index("ix_message_line", "contact", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact: str
    external_id: str | None = None
    text: str = Field(sa_column=Column(EncryptedText, nullable=False))
    extras: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    """Choices, links, share and author of a reply; the label of a pressed button."""
    ticket: str | None = Field(default=None, index=True)
    """Number of the ticket a staff reply or an addition belongs to."""
    status: Status = Field(sa_type=String)  # an ENUM column is painful to migrate
    attempts: int = 0
    error: str | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    due_at: datetime = Field(default_factory=now, sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)


class State(StrEnum):
    """Where a ticket stands, in the words staff read."""

    NEW = "新建"
    CLAIMED = "已认领"
    ANSWERED = "已答复"
    RESOLVED = "已办结"


class Ticket(SQLModel, table=True):
    """A request a person handed to staff."""

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    contact: str = Field(index=True)
    service: str
    topic: str
    county: str = Field(index=True)
    town: str = ""
    priority: str = "normal"
    """``crisis``, ``high`` or ``normal``."""
    details: list[list[str]] = Field(
        default_factory=list, sa_column=Column(EncryptedJson, nullable=False)
    )
    phone: str = Field(default="", sa_column=Column(EncryptedText, nullable=False))
    state: State = Field(default=State.NEW, sa_type=String, index=True)
    owner: int | None = Field(default=None, foreign_key="staff.id", index=True)
    version: int = 1
    opened_at: datetime = Field(default_factory=now, sa_type=Utc)
    due_at: datetime = Field(default_factory=now, sa_type=Utc)
    """By when staff promised to answer for the first time."""
    answered_at: datetime | None = Field(default=None, sa_type=Utc)
    resolved_at: datetime | None = Field(default=None, sa_type=Utc)


class TicketEvent(SQLModel, table=True):
    """One line of a ticket's history; never changed, never deleted."""

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    at: datetime = Field(default_factory=now, sa_type=Utc)
    actor: str
    """``person``, ``system`` or ``staff:<username>``."""
    kind: str
    """One of ``opened claimed replied noted added resolved reopened viewed``."""
    text: str = Field(default="", sa_column=Column(EncryptedText, nullable=False))
    before: str = ""
    after: str = ""
    """State before and after."""


class Staff(SQLModel, table=True):
    """Somebody who works the desk or edits the knowledge."""

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True)
    name: str
    """How the person sees them: ``李同志``."""
    password_hash: str
    role: str = "clerk"
    """``clerk`` works tickets; ``admin`` also sees every county."""
    county: str | None = None
    """The county whose tickets they see; None sees all of Nantong."""
    telegram_id: int | None = Field(default=None, unique=True)
    epoch: int = 1
    """Raised to end every session of theirs."""
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=Utc)
    disabled_at: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(default_factory=now, sa_type=Utc)


class Gap(SQLModel, table=True):
    """A question that nothing answered."""

    id: int | None = Field(default=None, primary_key=True)
    question: str = Field(sa_column=Column(Text, nullable=False))
    status: str
    at: datetime = Field(default_factory=now, sa_type=Utc, index=True)


class Feedback(SQLModel, table=True):
    """What somebody thought of an answer."""

    id: int | None = Field(default=None, primary_key=True)
    article: str = Field(index=True)
    useful: bool
    reason: str = ""
    at: datetime = Field(default_factory=now, sa_type=Utc)
