"""The web application: chat, console, channels' own addresses, health."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import adapters, console, health, loops
from bot.channels.webchat import Webchat
from bot.console.base import Found
from bot.db.cipher import make_cipher
from bot.db.tables import now
from bot.dossier import Dossiers
from bot.headers import Headers
from bot.operating.logs import Correlate
from bot.places.shown import Shown
from bot.transcript import Transcript
from knowledge.answer import holds_in
from knowledge.eligibility import Judge
from knowledge.explaining import explain
from knowledge.render import render
from knowledge.rule_text import RuleText, describe

if TYPE_CHECKING:
    from bot.app import App


def application(app: App) -> Starlette:
    """Everything that answers over HTTP, and the loops that run beside it."""
    chat = _chat(app).routes() if app.settings.web.chat else [Route("/", _to_desk)]
    hooks = [
        route for channel in (app.telegram, app.wechat) if channel for route in channel.routes()
    ]
    routes = [*health.routes(app), *chat, *hooks, *console.routes(_console(app))]
    return Web(
        routes=routes,
        hooks=hooks,
        lifespan=partial(loops.lifespan, app),
        middleware=[Middleware(Correlate), Middleware(Headers)],
    )


class Web(Starlette):
    """Platforms' own addresses are found at once, past what is there for people and their browsers:
    every message comes that way."""

    def __init__(self, *, hooks: Sequence[BaseRoute], **given: Any) -> None:
        super().__init__(**given)
        self._hooks: dict[tuple[str, str], ASGIApp] = {
            (method, route.path): Correlate(route.app)
            for route in hooks
            if isinstance(route, Route)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        hook = scope["type"] == "http" and self._hooks.get((scope["method"], scope["path"]))
        await (hook or super().__call__)(scope, receive, send)


def _chat(app: App) -> Webchat:
    web = app.settings.web
    cipher = make_cipher(app.settings.keys())
    return Webchat(
        app.receive,
        Transcript(app.engine),
        secret=app.secret,
        secure_cookies=web.https,
        embed_origins=web.embed_origins,
        attachments=app.files,
        closed=partial(app.switches.notice, "web"),
        mine=Dossiers(app.engine, app.desk.title),
        places=Shown(lambda: app.knowledge, cipher, now, adapters.tiles(app.settings)),
    )


def _console(app: App) -> console.Console:
    web = app.settings.web
    return console.Console(
        engine=app.engine,
        secret=app.secret,
        secure_cookies=web.https,
        clock=now,
        wake=app.courier.wake,
        service_title=app.desk.title,
        places=app.places,
        counties=app.knowledge.gazetteer.counties(),
        find_articles=partial(_articles, app),
        explain=partial(_explain, app),
        rules=partial(_rules, app),
        second_factor=frozenset(web.second_factor),
        files=app.files,
        library=lambda: app.knowledge.library,
    )


def _explain(app: App, text: str) -> dict[str, Any]:
    """Why ``text`` is answered as it is, for the console."""
    return explain(app.knowledge.library, text, region=None, today=now().date())


def _rules(app: App) -> tuple[RuleText, ...]:
    """Every rule of entitlement in words, for the console."""
    judge = Judge(app.knowledge.library)
    return tuple(describe(judge, rule) for rule in judge.library.rules.values())


def _articles(app: App, text: str, region: str) -> list[Found]:
    """Articles a clerk may put into a reply: those that hold in the ticket's county first."""
    library, today = app.knowledge.library, now().date()
    found = [library.articles.get(match.id) for match in library.index.search(text, limit=8)]
    articles = [one for one in found if one is not None]
    articles.sort(key=lambda one: not (region and holds_in(library, one, region)))
    return [Found(one.id, one.title, render(one, today=today)) for one in articles[:5]]


async def _to_desk(_request: Request) -> Response:
    return RedirectResponse("/desk/")
