"""Everything we keep."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    String,
    UniqueConstraint,
    text,
)
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
    memory: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(EncryptedJson, nullable=False)
    )
    held: str | None = None
    """Number of the ticket whose staff have the conversation."""
    person: str | None = Field(default=None, index=True)
    """The same in every conversation of somebody who linked their channels; None for most."""
    blocked_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the channel told us that the person blocked us."""
    forgotten_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the person asked to be forgotten; what is left here goes a day later."""
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)


class Status(StrEnum):
    """Where a message stands."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    WAITING = "waiting"
    """Until the person writes again: the channel lets us send nothing before."""


def _index_of_queued(name: str, *columns: str, where: str = "status = 'queued'") -> Index:
    queued = text(where)
    return Index(name, *columns, postgresql_where=queued, sqlite_where=queued)


def _channel_of_contact(context: Any) -> str:
    contact: str = context.get_current_parameters()["contact"]
    return contact.partition(":")[0]


class Message(SQLModel, table=True):
    """One message either way: the transcript, the duplicate filter and the outbox."""

    __table_args__ = (
        UniqueConstraint("contact", "external_id"),
        Index("ix_message_line", "contact", "id"),
        # What waits is a handful among millions: these stay as small as that.
        _index_of_queued("ix_message_due", "channel", "due_at"),
        # Said otherwise, so that only ``bot.db.claiming.ahead`` uses it, and no other index there.
        _index_of_queued("ix_message_ahead", "contact", "id", where="lower(status) = 'queued'"),
        _index_of_queued("ix_message_urgent", "channel", "ticket", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact: str
    channel: str | None = Field(
        default=None, sa_column=Column(String, nullable=False, default=_channel_of_contact)
    )
    """The first part of ``contact``, filled in by itself."""
    external_id: str | None = None
    text: str = Field(sa_column=Column(EncryptedText, nullable=False))
    extras: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(EncryptedJson, nullable=False)
    )
    """Choices, links, share and author of a reply; the label of a pressed button."""
    occasion: str | None = None
    """Id of the update in whose answer a reply was handed over, by channels that answer so."""
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
    WORKING = "处理中"
    ASKED = "待补材料"
    ANSWERED = "已答复"
    RESOLVED = "已办结"


class Desk(SQLModel, table=True):
    """One office of the tree: the city's centre, a county's, a town's station."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    parent: int | None = Field(default=None, foreign_key="desk.id", index=True)
    county: str | None = None
    """The county it works for; None works for all of Nantong."""
    town: str = ""
    topics: list[str] = Field(default_factory=list, sa_column=_json())
    """The topics it takes; empty takes all."""
    telegram_group: int | None = Field(default=None, sa_type=BigInteger)
    telegram_replies: bool = False
    """Whether its staff may answer people from the group; their words then pass Telegram."""
    closed_at: datetime | None = Field(default=None, sa_type=Utc)


class Ticket(SQLModel, table=True):
    """A request a person handed to staff."""

    __table_args__ = (
        Index("ix_ticket_queue", "queue_at"),
        Index("ix_ticket_resolved", "resolved_at"),
        Index("ix_ticket_county_queue", "county", "queue_at"),
        Index("ix_ticket_owner_queue", "owner", "queue_at"),
    )

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
    desk: int | None = Field(default=None, foreign_key="desk.id", index=True)
    """Whose it is to answer; None where no desks are set up."""
    asked_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the person wrote something that nobody has answered."""
    next_due_at: datetime | None = Field(default=None, sa_type=Utc)
    """By when what they wrote should be answered."""
    resolve_due_at: datetime | None = Field(default=None, sa_type=Utc)
    """By when the whole matter should be done."""
    paused_at: datetime | None = Field(default=None, sa_type=Utc)
    """Since when the clock stands, because the person is to bring something."""
    paused_minutes: int = 0
    """Working minutes it stood before that."""
    queue_at: datetime | None = Field(default=None, sa_type=Utc)
    """Where it stands in the queue: the next promise to break; None once it is resolved."""
    waits_from: datetime | None = Field(default=None, sa_type=Utc)
    """Since when it waits for an owner."""
    acted_at: datetime | None = Field(default=None, sa_type=Utc)
    """When staff last did something about it."""
    phone_hash: str = Field(default="", index=True)
    """Finds the tickets of one phone number without reading the number."""
    relation: str = ""
    """On whose behalf the person asks: ``""`` for themselves."""
    merged_into: str | None = None
    """Number of the ticket that carries this matter on."""
    follows: str | None = None
    """Number of the older ticket this one takes up again."""
    objected_at: datetime | None = Field(default=None, sa_type=Utc)
    rating: str | None = None
    receipt: int | None = None
    """The answer the person had read before, within a day."""


class TicketEvent(SQLModel, table=True):
    """One line of history; never changed, never deleted, chained to the one before."""

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    """None for what concerns no ticket: accounts, desks, exports."""
    at: datetime = Field(default_factory=now, sa_type=Utc)
    actor: str
    """``person``, ``system`` or ``staff:<username>``."""
    kind: str
    """What was done, a word of ``bot.desk.words.KINDS``."""
    text: str = Field(default="", sa_column=Column(EncryptedText, nullable=False))
    before: str = ""
    after: str = ""
    """State (or desk, owner, answer of a survey) before and after."""
    seq: int | None = Field(default=None, index=True, unique=True)
    """Place in the chain over all events, without gaps."""
    salt: str = ""
    """Goes into ``digest``; erased together with the text."""
    digest: str = ""
    """Of the text."""
    link: str = ""
    """Of everything here and of the event before: see ``bot.desk.chain``."""


class Staff(SQLModel, table=True):
    """Somebody who works the desk or edits the knowledge."""

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True)
    name: str
    """How the person sees them: ``李同志``."""
    password_hash: str
    role: str = "clerk"
    """A word of ``bot.desk.roles.ROLES``; what holds for somebody who belongs to no desk."""
    county: str | None = None
    """The county whose tickets they see; None sees all of Nantong."""
    telegram_id: int | None = Field(default=None, unique=True, sa_type=BigInteger)
    away_from: datetime | None = Field(default=None, sa_type=Utc)
    away_until: datetime | None = Field(default=None, sa_type=Utc)
    epoch: int = 1
    """Raised to end every session of theirs."""
    totp_secret: str | None = Field(default=None, sa_column=Column(EncryptedText, nullable=True))
    """What their phone makes one-time codes from; None: the password alone lets them in."""
    totp_step: int = Field(default=0, sa_type=BigInteger)
    """The half minute whose code was used last; none works twice."""
    recovery: list[str] | None = Field(default=None, sa_column=Column(EncryptedJson, nullable=True))
    """Digests of the codes for when the phone is lost."""
    disabled_at: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(default_factory=now, sa_type=Utc)


class Feedback(SQLModel, table=True):
    """What somebody thought of an answer."""

    id: int | None = Field(default=None, primary_key=True)
    article: str = Field(index=True)
    useful: bool
    reason: str = Field(default="", sa_column=Column(EncryptedText, nullable=False))
    at: datetime = Field(default_factory=now, sa_type=Utc)


class Allowance(SQLModel, table=True):
    """How many messages a platform still lets us send a person on our own, and until when."""

    contact: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """What the person did: ``message`` or ``action`` (a menu click, a scan, a new follower)."""
    remaining: int
    until: datetime = Field(sa_type=Utc)


class AccessToken(SQLModel, table=True):
    """A key a platform gave us for a while, shared by all processes."""

    name: str = Field(primary_key=True)
    token: str = Field(sa_column=Column(EncryptedText, nullable=False))
    expires_at: datetime = Field(sa_type=Utc)


class Secret(SQLModel, table=True):
    """What signs cookies and goes into hashes: it outlives the keys it is encrypted with."""

    name: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(EncryptedText, nullable=False))
