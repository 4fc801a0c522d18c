"""Where the parts meet: settings in, a running service out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlmodel import Session, col, update
from starlette.applications import Starlette

from bot import adapters, web
from bot.channels.base import Channel
from bot.channels.staffroom import GroupMessage
from bot.config import Settings
from bot.courier import Courier
from bot.db import keys, schema, setaside, signing
from bot.db.cipher import make_cipher
from bot.db.election import Election
from bot.db.engine import Pool, connect
from bot.db.tables import Conversation, now
from bot.desk.attachments import Store
from bot.desk.effects import Settings as DeskSettings
from bot.gathering import Gathering
from bot.operating.logs import correlated, number_of
from bot.operating.metrics import Metrics
from bot.operating.switches import LiveSwitches
from bot.places.live import LiveDirectory
from bot.service import Service
from bot.staffrooms import Staffrooms
from handlers.closing import Closing
from handlers.messages import Contact, Update
from knowledge.base import Knowledge, load_knowledge

if TYPE_CHECKING:
    from bot.channels.telegram_quarantine import Poison


class OutOfDate(Exception):
    """The database is not at the revision this program needs."""


class App:
    """Everything one process needs, made once from the settings."""

    def __init__(self, settings: Settings, engine: Engine, knowledge: Knowledge) -> None:
        self.settings = settings
        self.engine = engine
        self.knowledge = knowledge
        titles = {s.id: s.title for s in knowledge.library.services.values()}
        group = settings.telegram.staff_group if settings.telegram.enabled else None
        self.secret = signing.secret(engine, settings.keys()[-1])
        self.desk = DeskSettings(
            staff_group=group,
            titles=titles,
            secret=self.secret,
            files=settings.data_folder() / "files",
            keep_messages_days=settings.keep_messages_days,
            public_url=settings.web.public_url or "",
        )
        self.files = Store(engine, settings.data_folder() / "files")
        self.service = Service(engine, knowledge, desk_settings=self.desk)
        self.gathering = Gathering(self.service.receive_all, side_by_side=_groups(settings))
        self.places = LiveDirectory(engine, knowledge, self._know)
        self.rooms = Staffrooms(engine, self.desk)
        self.telegram = adapters.make_telegram(self) if settings.telegram.enabled else None
        self.channels: dict[str, Channel] = {}
        if self.telegram:
            self.channels[self.telegram.name] = self.telegram
            staff_side = self.telegram.staff_side(self.rooms)
            self.channels[staff_side.name] = staff_side
        self.wechat = adapters.make_wechat(self) if settings.wechat.enabled else None
        if self.wechat:
            self.channels[self.wechat.name] = self.wechat
        lease = timedelta(seconds=settings.delivery.lease_seconds)
        self.courier = Courier(engine, self.channels, lease=lease)
        self.polling = Election(engine, "telegram")
        self.gave_up = False
        """Whether a channel fell silent, so that the process should be started anew."""
        self.stop: Callable[[], None] = lambda: None
        """Ends the server that runs us; set by whoever started it."""
        self.switches = LiveSwitches(engine, self._close)
        self.metrics = Metrics(engine, self.channels, settings.data_folder(), clock=now)
        self.service.observe = lambda turn: self.metrics.answered(turn.status, turn.score)
        self.courier.observe = self.metrics.delivered

    def _know(self, knowledge: Knowledge) -> None:
        """Answer from ``knowledge`` from now on; what is being answered keeps what it had."""
        self.knowledge = self.service.knowledge = knowledge

    def _close(self, closings: Mapping[str, Closing]) -> None:
        """What the operator has switched off, from now on."""
        self.service.closings = closings

    async def receive(self, update: Update) -> None:
        """Answer an update in a worker thread; returns once it is committed."""
        await self.answer(update)
        self.courier.wake()

    async def hear(self, said: GroupMessage) -> None:
        """Do what was asked for in a group of staff; returns once it is committed."""
        await asyncio.to_thread(self.rooms.hear, said)
        self.courier.wake()

    async def answer(self, update: Update) -> None:
        """Like ``receive``, for a channel that fetches the replies itself."""
        started, ok = time.perf_counter(), False
        with correlated(number_of(update.contact, update.id)):
            try:
                await self.gathering.receive(update)
                ok = True
            finally:
                spent = time.perf_counter() - started
                self.metrics.updated(update.contact.channel, spent, ok=ok)

    def wake(self) -> None:
        """Set the courier going."""
        self.courier.wake()

    async def note_blocked(self, contact: Contact, blocked: bool) -> None:
        """Remember that a person blocked or unblocked us; their tickets show it to staff."""
        await asyncio.to_thread(self._note_blocked, contact, blocked)

    async def keep_poison(self, poison: Poison) -> None:
        """Keep an update that cannot be dealt with, where an operator finds it."""
        await asyncio.to_thread(self._keep_poison, poison)

    def _keep_poison(self, poison: Poison) -> None:
        with Session(self.engine) as session:
            setaside.keep(session, "telegram", poison.update_id, poison.reason, poison.raw)

    def _note_blocked(self, contact: Contact, blocked: bool) -> None:
        with Session(self.engine) as session:
            session.exec(
                update(Conversation)
                .where(col(Conversation.contact) == str(contact))
                .values(blocked_at=now() if blocked else None)
            )
            session.commit()

    def web(self) -> Starlette:
        """The web application: chat, console, health, and the loops that run beside them."""
        return web.application(self)


def open_database(settings: Settings) -> Engine:
    """Connect with the configured keys; the tables may still be missing."""
    settings.data_folder()  # SQLite makes its file, but not the folder
    chosen = settings.postgresql
    pool = Pool(chosen.connections, chosen.extra_connections, chosen.wait_seconds)
    return connect(settings.database, make_cipher(settings.keys()), pool)


def build(settings: Settings) -> App:
    """The whole service. Raises OutOfDate, WrongKey, KnowledgeError, EmbedderFailed."""
    engine = open_database(settings)
    if schema.current(engine) != schema.head():
        raise OutOfDate("数据库还不是这个版本的结构，请先运行 youjun migrate")
    keys.require_readable(engine)
    app = App(
        settings,
        engine,
        load_knowledge(adapters.embedder(settings), settings.data_folder() / "cache"),
    )
    app.places.refresh()
    app.switches.refresh()
    return app


def _groups(settings: Settings) -> int:
    """How many groups of updates are worked on at once: while one waits for the database or the
    embedding model, the next one thinks. SQLite has one writer, and our thinking waits for none."""
    if settings.database.startswith("sqlite"):
        return 1
    return 2 if settings.embedding.url is None else 6
