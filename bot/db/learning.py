"""What we keep to learn from: questions nothing answered, what was said, how a week went."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from bot.db.cipher import EncryptedText
from bot.db.tables import Utc, now


class Gap(SQLModel, table=True):
    """Questions that ask the same and that nothing answered well."""

    id: int | None = Field(default=None, primary_key=True)
    state: str = Field(default="new", index=True)
    """A word of ``bot.desk.gaps.STATES``."""
    reason: str = ""
    """Why nothing is done about it."""
    decided_by: int | None = Field(default=None, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=Utc)


class Unanswered(SQLModel, table=True):
    """One question that nothing answered, or whose answer was judged useless; without personal
    data."""

    __table_args__ = (Index("ix_unanswered_gap", "gap", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    gap: int | None = Field(default=None, foreign_key="gap.id")
    """None until it is grouped; the oldest of a gap stands for it."""
    question: str = Field(sa_column=Column(EncryptedText, nullable=False))
    status: str
    """``unknown``, ``unclear`` or ``useless``."""
    county: str = ""
    near: str = ""
    """The entry that came nearest, or was judged useless."""
    at: datetime = Field(default_factory=now, sa_type=Utc, index=True)


class Wording(SQLModel, table=True):
    """A text that was said as an answer; the same text is kept once."""

    digest: str = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))


class Receipt(SQLModel, table=True):
    """What came of one question. Neither who asked nor what they said is kept."""

    __table_args__ = (Index("ix_receipt_month", "at", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    """Written as a code (``bot.receipts.code``) under an answer."""
    at: datetime = Field(default_factory=now, sa_type=Utc)
    channel: str
    status: str
    """A public status, ``offered`` for a service that was offered."""
    county: str = ""
    topic: str = ""
    article: str = ""
    version: str = ""
    """Hash of what the article said; see ``knowledge.version``."""
    assured_on: date | None = None
    wording: str | None = None
    """Digest of the text."""
    ticket_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the person opened a ticket, within a day of the answer."""


class WeeklyDigest(SQLModel, table=True):
    """That staff were told of a week; of several processes one tells."""

    week: str = Field(primary_key=True)
    """``2026-W47``."""
    at: datetime = Field(default_factory=now, sa_type=Utc)
