"""What the desk keeps beside tickets: who belongs where, rules, alarms, drafts, files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.db.cipher import EncryptedText
from bot.db.tables import Utc, _json, now


class Membership(SQLModel, table=True):
    """What somebody does at one desk."""

    __table_args__ = (UniqueConstraint("staff", "desk", "role"),)

    id: int | None = Field(default=None, primary_key=True)
    staff: int = Field(foreign_key="staff.id", index=True)
    desk: int = Field(foreign_key="desk.id", index=True)
    role: str


class DeskRules(SQLModel, table=True):
    """Routing, hours and promised times as they were imported; the latest holds."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Utc)
    document: dict[str, Any] = Field(default_factory=dict, sa_column=_json())


class Alarm(SQLModel, table=True):
    """A moment at which somebody is told, unless the ticket has moved on by then."""

    __table_args__ = (Index("ix_alarm_due", "fired_at", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    promise: str
    """``first``, ``next``, ``resolve``, ``unclaimed`` or ``crisis``."""
    step: int = 0
    """How often this promise has warned already."""
    due_at: datetime = Field(sa_type=Utc)
    fired_at: datetime | None = Field(default=None, sa_type=Utc)


class Notice(SQLModel, table=True):
    """Something staff are told in the console; nothing personal in it."""

    __table_args__ = (Index("ix_notice_inbox", "staff", "seen_at"),)

    id: int | None = Field(default=None, primary_key=True)
    staff: int = Field(foreign_key="staff.id")
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    kind: str
    text: str
    at: datetime = Field(default_factory=now, sa_type=Utc)
    seen_at: datetime | None = Field(default=None, sa_type=Utc)


class WrittenDraft(SQLModel, table=True):
    """What one member of staff has written about a ticket and not sent yet."""

    __table_args__ = (UniqueConstraint("ticket_id", "staff", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    staff: int = Field(foreign_key="staff.id")
    kind: str
    """``reply`` or ``note``."""
    text: str = Field(sa_column=Column(EncryptedText, nullable=False))
    at: datetime = Field(default_factory=now, sa_type=Utc)


class Presence(SQLModel, table=True):
    """Who has a ticket open, and since when they write."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    staff: int = Field(foreign_key="staff.id", primary_key=True)
    seen_at: datetime = Field(default_factory=now, sa_type=Utc)
    typed_at: datetime | None = Field(default=None, sa_type=Utc)


class Canned(SQLModel, table=True):
    """A reply used again and again; usable once a second person has read it."""

    id: int | None = Field(default=None, primary_key=True)
    title: str
    text: str
    county: str | None = None
    author: int = Field(foreign_key="staff.id")
    reviewer: int | None = Field(default=None, foreign_key="staff.id")
    reviewed_at: datetime | None = Field(default=None, sa_type=Utc)
    retired_at: datetime | None = Field(default=None, sa_type=Utc)
    at: datetime = Field(default_factory=now, sa_type=Utc)


class Attachment(SQLModel, table=True):
    """A file somebody sent; its bytes lie encrypted beside the database."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    """Random; the name of the file on disk."""
    contact: str = Field(index=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    kind: str
    """Media type, told from the content."""
    name: str = Field(sa_column=Column(EncryptedText, nullable=False))
    secret: str = Field(sa_column=Column(EncryptedText, nullable=False))
    """Key of this one file: without the row nobody reads what lies on disk."""
    size: int
    digest: str
    """SHA-256 of what we keep."""
    at: datetime = Field(default_factory=now, sa_type=Utc)


class ChainHead(SQLModel, table=True):
    """The last link of the chain of events; its row is the queue for writing the next."""

    id: int | None = Field(default=None, primary_key=True)
    seq: int = 0
    link: str = ""


class Attempts(SQLModel, table=True):
    """Wrong passwords and codes of late, by what is counted: see ``bot.desk.throttle``."""

    key: str = Field(primary_key=True)
    failures: int = 0
    at: datetime = Field(sa_type=Utc)
    locked_until: datetime | None = Field(default=None, sa_type=Utc)
