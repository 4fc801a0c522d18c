"""The staff console under ``/desk``: sign in, see what waits, answer it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.convertors import register_url_convertor
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.console import (
    account,
    explainpage,
    gappages,
    golink,
    live,
    placepages,
    queue,
    receiptpage,
    reportpages,
    rulepages,
    signin,
    switchpage,
    team,
    ticket,
)
from bot.console.base import FOLDER, Console, Row
from bot.console.guard import SecureHeaders, in_thread, signed_in

__all__ = ["Console", "routes"]


def routes(console: Console) -> list[BaseRoute]:
    """Everything under ``/desk``."""
    register_url_convertor("row", Row())
    inside: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=FOLDER / "static"), name="desk-static"),
        *signin.routes(console),
        Route("/", signed_in(console, queue.page), methods=["GET"], name="queue"),
        Route(
            "/queue", signed_in(console, queue.table, polled=True), methods=["GET"], name="table"
        ),
        *gappages.routes(console),
        *ticket.routes(console),
        Route("/go/{token}", signed_in(console, golink.go), methods=["GET"], name="go"),
        *placepages.routes(console),
        *team.routes(console),
        *reportpages.routes(console),
        *receiptpage.routes(console),
        *explainpage.routes(console),
        *switchpage.routes(console),
        *account.routes(console),
        *rulepages.routes(console),
        Route("/events", live.events(console), methods=["GET"], name="events"),
        Route("/{path:path}", in_thread(console, _missing), methods=["GET"], name="missing"),
    ]
    return [Mount("/desk", routes=inside, middleware=[Middleware(SecureHeaders)])]


def _missing(console: Console, _request: Request, _form: Mapping[str, str]) -> Response:
    words = "没有这个页面，可能是地址写错了。"
    return console.page("problem.html", status=404, title="没有找到", words=words, text="")
