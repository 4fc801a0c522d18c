"""Where the parts meet: settings in, a running service out."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import console, readiness, watchdog
from bot.channels.base import Channel
from bot.channels.staffroom import GroupMessage
from bot.channels.webchat import Webchat
from bot.channels.wechat import Wechat
from bot.channels.wechat_api import Api
from bot.channels.wechat_crypto import Crypto
from bot.config import ConfigError, Settings
from bot.console.base import Found
from bot.courier import Courier
from bot.db import keys, news, schema, setaside, signing
from bot.db.cipher import make_cipher
from bot.db.election import Election
from bot.db.engine import Pool, connect
from bot.db.tables import Conversation, now
from bot.desk import alarms, learning, watch
from bot.desk.attachments import Store
from bot.desk.effects import Settings as DeskSettings
from bot.dossier import Dossiers
from bot.gathering import Gathering
from bot.mailbox import Mailbox
from bot.operating.logs import Correlate, correlated, number_of
from bot.operating.metrics import CONTENT_TYPE, Metrics
from bot.operating.switches import LiveSwitches
from bot.places.live import LiveDirectory
from bot.places.shown import Shown
from bot.places.sketch import Tiles
from bot.reach import Allowances
from bot.service import Service
from bot.staffrooms import Staffrooms
from bot.tokens import SharedToken
from bot.transcript import Transcript
from handlers.closing import Closing
from handlers.messages import Contact, Update
from knowledge.answer import holds_in
from knowledge.base import Knowledge, load_knowledge
from knowledge.eligibility import Judge
from knowledge.explaining import explain
from knowledge.meaning import Embedder
from knowledge.render import render
from knowledge.rule_text import RuleText, describe

if TYPE_CHECKING:
    from bot.channels.speech import Transcriber
    from bot.channels.telegram import Telegram
    from bot.channels.telegram_quarantine import Poison

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
        self.telegram = make_telegram(self) if settings.telegram.enabled else None
        self.channels: dict[str, Channel] = {}
        if self.telegram:
            self.channels[self.telegram.name] = self.telegram
            staff_side = self.telegram.staff_side(self.rooms)
            self.channels[staff_side.name] = staff_side
        self.wechat = make_wechat(self) if settings.wechat.enabled else None
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
        routes: list[BaseRoute] = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]
        secret, secure = self.secret, self.settings.web.https
        cipher = make_cipher(self.settings.keys())
        if self.settings.web.chat:
            chat = Webchat(
                self.receive,
                Transcript(self.engine),
                secret=secret,
                secure_cookies=secure,
                embed_origins=self.settings.web.embed_origins,
                attachments=self.files,
                closed=partial(self.switches.notice, "web"),
                mine=Dossiers(self.engine, self.desk.title),
                places=Shown(lambda: self.knowledge, cipher, now, _tiles(self.settings)),
            )
            routes += chat.routes()
        else:
            routes.append(Route("/", _to_desk))
        if self.wechat:
            routes += self.wechat.routes()
        if self.telegram:
            routes += self.telegram.routes()
        routes += console.routes(
            console.Console(
                engine=self.engine,
                secret=secret,
                secure_cookies=secure,
                clock=now,
                wake=self.courier.wake,
                service_title=self.desk.title,
                places=self.places,
                counties=self.knowledge.gazetteer.counties(),
                find_articles=self._articles,
                explain=self._explain,
                rules=self._rules,
                second_factor=frozenset(self.settings.web.second_factor),
                files=self.files,
                library=lambda: self.knowledge.library,
            )
        )
        middleware = [Middleware(Correlate)]
        return Starlette(routes=routes, lifespan=self._lifespan, middleware=middleware)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _web: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(self.rooms.begin)
        bell = alarms.Bell(self.desk.staff_group, self.desk.title)
        tasks = [
            asyncio.create_task(self.courier.run(), name="courier"),
            asyncio.create_task(
                watch.keep(self.engine, now, bell, self.courier.wake), name="watch"
            ),
            asyncio.create_task(self.places.run(), name="places"),
            asyncio.create_task(self.switches.run(), name="switches"),
            asyncio.create_task(
                learning.keep(self.engine, now, lambda: self.knowledge.library.index),
                name="learning",
            ),
        ]
        tasks.append(asyncio.create_task(news.listen(self.engine, self.courier.wake), name="news"))
        tasks += [
            asyncio.create_task(self._run(channel), name=channel.name)
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

    async def _run(self, channel: Channel) -> None:
        """Let a channel receive. Of all processes one polls Telegram; a webhook reaches any."""
        if self.telegram is None or channel is not self.telegram or self.settings.telegram.webhook:
            await channel.run(self.receive)
        else:
            await self.polling.run(partial(self._poll, self.telegram))

    async def _poll(self, telegram: Telegram) -> None:
        together = [telegram.run(self.receive)]
        if limit := self.settings.telegram.exit_after_seconds:
            alone = not (self.settings.web.chat or self.wechat)
            together.append(watchdog.keep_watch(telegram, limit, self._give_up, alone=alone))
        await asyncio.gather(*together)

    def _give_up(self) -> None:
        self.gave_up = True
        watchdog.end_anyway()
        self.stop()

    def _explain(self, text: str) -> dict[str, Any]:
        """Why ``text`` is answered as it is, for the console."""
        return explain(self.knowledge.library, text, region=None, today=now().date())

    def _rules(self) -> tuple[RuleText, ...]:
        """Every rule of entitlement in words, for the console."""
        judge = Judge(self.knowledge.library)
        return tuple(describe(judge, rule) for rule in judge.library.rules.values())

    def _articles(self, text: str, region: str) -> list[Found]:
        """Articles a clerk may put into a reply: those that hold in the ticket's county first."""
        library, today = self.knowledge.library, now().date()
        found = [library.articles.get(match.id) for match in library.index.search(text, limit=8)]
        articles = [one for one in found if one is not None]
        articles.sort(key=lambda one: not (region and holds_in(library, one, region)))
        return [Found(one.id, one.title, render(one, today=today)) for one in articles[:5]]

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def _readyz(self, _request: Request) -> Response:
        """503 while the database is away, the disk is full, a channel that fetches has fetched
        nothing lately or replies do not leave."""
        folder, standby = self.settings.data_folder(), self._standing_by()
        found = await asyncio.to_thread(
            readiness.check, self.engine, self.channels, folder, now(), standby=standby
        )
        return JSONResponse(found, status_code=200 if found["ready"] else 503)

    def _standing_by(self) -> tuple[str, ...]:
        """Channels that another process polls at this moment."""
        if self.telegram is None or self.settings.telegram.webhook:
            return ()
        others = self.engine.dialect.name == "postgresql" and not self.polling.holds
        return (self.telegram.name,) if others else ()

    async def _metrics(self, request: Request) -> Response:
        """For Prometheus: with the token from the settings, or from this machine only."""
        if not _may_read(request, self.settings.web.metrics_token):
            return Response("只有本机能读；或在设置里填 web.metrics_token 后带口令来读\n", 403)
        try:
            text = await asyncio.to_thread(self.metrics.text)
        except SQLAlchemyError:
            log.warning("metrics without the database")
            return Response("数据库没有回应\n", 503)
        return Response(text, media_type=CONTENT_TYPE)


def _may_read(request: Request, token: SecretStr | None) -> bool:
    if token is not None:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode())
    here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    return here and "x-forwarded-for" not in request.headers  # a proxy speaks for others


def _tiles(settings: Settings) -> Tiles | None:
    """The tile layer below sketches, if one is set."""
    web = settings.web
    return Tiles(web.map_tiles, web.map_tiles_crs) if web.map_tiles else None


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
        settings, engine, load_knowledge(_embedder(settings), settings.data_folder() / "cache")
    )
    app.places.refresh()
    app.switches.refresh()
    return app


def _embedder(settings: Settings) -> Embedder | None:
    """The embedding model, if one is set."""
    chosen = settings.embedding
    if chosen.url is None:
        return None
    from bot.embedding import Endpoint  # httpx, only when used

    key = chosen.key.get_secret_value() if chosen.key else None
    return Endpoint(chosen.url, chosen.model, key, chosen.timeout_seconds)


def _groups(settings: Settings) -> int:
    """How many groups of updates are worked on at once: while one waits for the database or the
    embedding model, the next one thinks. SQLite has one writer, and our thinking waits for none."""
    if settings.database.startswith("sqlite"):
        return 1
    return 2 if settings.embedding.url is None else 6


def make_telegram(app: App) -> Telegram | None:
    """The Telegram bot; None without a token."""
    chosen = app.settings.telegram
    if chosen.token is None:
        return None
    from bot.channels.telegram import Telegram  # 40 MB and half a second, only when used
    from bot.channels.telegram_hook import Webhook

    token = chosen.token.get_secret_value()
    # Every process knows the same word without anybody having to invent one.
    secret = hmac.digest(app.secret.encode(), token.encode(), "sha256").hex()
    return Telegram(
        token=token,
        base_url=chosen.base_url,
        webhook=Webhook(chosen.webhook, secret) if chosen.webhook else None,
        proxy=chosen.proxy,
        per_second=chosen.messages_per_second,
        hear=app.hear,
        staff_groups=app.rooms.groups,
        blocked=app.note_blocked,
        keep=app.keep_poison,
        attachments=app.files,
        transcriber=_transcriber(app.settings),
        wake=app.wake,
    )


def _transcriber(settings: Settings) -> Transcriber | None:
    """The speech model, if one is set."""
    chosen = settings.transcriber
    if chosen.url is None:
        return None
    from bot.transcribing import Endpoint

    key = chosen.key.get_secret_value() if chosen.key else None
    return Endpoint(chosen.url, chosen.model, key, chosen.timeout_seconds)


def make_wechat(app: App) -> Wechat:
    """The WeChat account. Raises ConfigError for a key that is none."""
    chosen, engine = app.settings.wechat, app.engine
    try:
        keys = [key.get_secret_value() for key in chosen.aes_keys]
        crypto = Crypto(chosen.app_id, keys) if keys else None
    except ValueError as problem:
        raise ConfigError(f"wechat.aes_keys：{problem}") from None
    return Wechat(
        app.answer,
        Mailbox(engine),
        Allowances(engine),
        token=chosen.token.get_secret_value() if chosen.token else "",
        crypto=crypto,
        api=wechat_api(app.settings, engine) if chosen.push else None,
        attachments=app.files,
        blocked=app.note_blocked,
        wake=app.wake,
    )


def wechat_api(settings: Settings, engine: Engine) -> Api:
    """WeChat's interface with the token all processes share."""
    chosen = settings.wechat
    secret = chosen.app_secret.get_secret_value() if chosen.app_secret else ""
    return Api(
        chosen.base_url, chosen.app_id, secret, SharedToken(engine, f"wechat:{chosen.app_id}")
    )


def _report(task: asyncio.Task[None]) -> None:
    """A loop that ends by itself must not end unnoticed."""
    if not task.cancelled() and (problem := task.exception()):
        log.error("%s stopped: %s", task.get_name(), problem, exc_info=problem)


async def _to_desk(_request: Request) -> Response:
    return RedirectResponse("/desk/")
