"""Linking the channels of one person: requests on their way, and wrong guesses."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db.tables import Utc, now


class LinkRequest(SQLModel, table=True):
    """One person's wish to be known in two channels as the same: a code, then two confirmations."""

    contact: str = Field(primary_key=True)
    """Who was shown the code; a new code takes the place of the old."""
    digest: str | None = Field(default=None, unique=True)
    """Of the code, with our secret; None once it was typed, so that it works once."""
    claimant: str | None = Field(default=None, index=True)
    """Who typed it."""
    agreed_at: datetime | None = Field(default=None, sa_type=Utc)
    """When they said that both channels are theirs."""
    expires_at: datetime = Field(sa_type=Utc)


class LinkGuess(SQLModel, table=True):
    """A code that was none; counted, then deleted after a day."""

    id: int | None = Field(default=None, primary_key=True)
    contact: str = Field(index=True)
    at: datetime = Field(default_factory=now, sa_type=Utc, index=True)
