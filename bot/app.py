"""Where the parts meet: settings in, a running service out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from sqlalchemy import Engine
from sqlmodel import Session, col, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import console
from bot.channels.base import Channel
from bot.channels.webchat import Webchat
from bot.config import Settings
from bot.courier import Courier
from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import Conversation, now
from bot.desk.effects import Settings as DeskSettings
from bot.service import Service
from bot.transcript import Transcript
from handlers.messages import Contact, Update
from knowledge.base import Knowledge, load_knowledge

log = logging.getLogger(__name__)


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
        self.desk = DeskSettings(staff_group=group, titles=titles)
        self.service = Service(engine, knowledge, desk_settings=self.desk)
        self.channels = _channels(self)
        self.courier = Courier(engine, self.channels)

    async def receive(self, update: Update) -> None:
        """Answer an update in a worker thread; returns once it is committed."""
        await asyncio.to_thread(self.service.receive, update)
        self.courier.wake()

    async def note_blocked(self, contact: Contact, blocked: bool) -> None:
        """Remember that a person blocked or unblocked us; their tickets show it to staff."""
        await asyncio.to_thread(self._note_blocked, contact, blocked)

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
        routes: list[BaseRoute] = [Route("/healthz", self._healthz)]
        # The oldest key signs cookies: a new one in front must not make strangers of everybody.
        secret, secure = self.settings.keys()[-1], self.settings.web.https
        if self.settings.web.chat:
            chat = Webchat(
                self.receive, Transcript(self.engine), secret=secret, secure_cookies=secure
            )
            routes += chat.routes()
        else:
            routes.append(Route("/", _to_desk))
        routes += console.routes(
            console.Console(
                engine=self.engine,
                secret=secret,
                secure_cookies=secure,
                clock=now,
                wake=self.courier.wake,
                service_title=self.desk.title,
            )
        )
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _web: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.courier.run(), name="courier")]
        tasks += [
            asyncio.create_task(channel.run(self.receive), name=channel.name)
            for channel in self.channels.values()
        ]
        for task in tasks:
            task.add_done_callback(_report)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"ok": True})


def open_database(settings: Settings) -> Engine:
    """Connect with the configured keys; the tables may still be missing."""
    settings.data_folder()  # SQLite makes its file, but not the folder
    return connect(settings.database, make_cipher(settings.keys()))


def build(settings: Settings) -> App:
    """The whole service. Raises OutOfDate, KnowledgeError."""
    engine = open_database(settings)
    if schema.current(engine) != schema.head():
        raise OutOfDate("数据库还不是这个版本的结构，请先运行 youjun migrate")
    return App(settings, engine, load_knowledge())


def _channels(app: App) -> dict[str, Channel]:
    """The push channels that are enabled. Web chat asks by itself and is not among them."""
    chosen = app.settings.telegram
    if not chosen.enabled or chosen.token is None:
        return {}
    from bot.channels.telegram import Telegram  # 40 MB and half a second, only when used

    telegram = Telegram(
        token=chosen.token.get_secret_value(),
        base_url=chosen.base_url,
        staff_group=chosen.staff_group,
        blocked=app.note_blocked,
    )
    return {telegram.name: telegram}


def _report(task: asyncio.Task[None]) -> None:
    """A loop that ends by itself must not end unnoticed."""
    if not task.cancelled() and (problem := task.exception()):
        log.error("%s stopped: %s", task.get_name(), problem, exc_info=problem)


async def _to_desk(_request: Request) -> Response:
    return RedirectResponse("/desk/")
