"""What the operator decides while the service runs."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db.tables import Utc, now


class Switch(SQLModel, table=True):
    """Something that is switched off; no row, and it is on."""

    name: str = Field(primary_key=True)
    """``answers``, or the name of a channel."""
    notice: str
    """What people read instead."""
    by: str
    """``staff:<username>`` or ``system`` for the command line."""
    at: datetime = Field(default_factory=now, sa_type=Utc)
