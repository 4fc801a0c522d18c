"""What the desk keeps about its groups on Telegram; nothing personal in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from bot.db.tables import Utc


class StaffGroup(SQLModel, table=True):
    """What we found out about a group."""

    chat: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    moved_to: int | None = Field(default=None, sa_type=BigInteger)
    """Its number since Telegram made a supergroup of it."""
    rest: bool = False
    """Whether it hears of the desks that have no group of their own."""
    plain_until: datetime | None = Field(default=None, sa_type=Utc)
    """Topics could not be made here; until then we do not try again."""
    digest_on: str = ""
    """The day (ISO, Nantong time) of the last digest."""


class Topic(SQLModel, table=True):
    """The topic of one ticket in one group."""

    chat: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    ticket_id: int = Field(
        primary_key=True,
        foreign_key="ticket.id",
        index=True,
        sa_column_kwargs={"autoincrement": False},
    )
    thread: int | None = Field(default=None, sa_type=BigInteger)
    """Telegram's number of it; None while there is none, or where the group has no topics."""
    shown: str = ""
    """Its title as Telegram shows it."""
    left: bool = False
    """The ticket has gone to a desk of another group, and this one hears no more of it."""


class ConsoleLink(SQLModel, table=True):
    """A way from Telegram to one ticket in the console, for one person and one use."""

    id: int | None = Field(default=None, primary_key=True)
    staff: int = Field(foreign_key="staff.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    expires_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)
