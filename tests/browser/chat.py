"""A web chat served from this process: quick to start, easy to cut off, with a stand-in for the
store of files and another site to be embedded in."""

from __future__ import annotations

import asyncio
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from playwright.async_api import Page, expect
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.files import File
from bot.channels.webchat import Webchat
from bot.db import outbox
from bot.db.tables import Message, Status
from bot.service import Service
from bot.transcript import Transcript
from handlers.messages import Reply, Update
from knowledge.base import Knowledge

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path d="M0 0h4v2H0z"/></svg>'


@dataclass
class Kept:
    """Keeps files in memory, and says so through the outbox as the desk does."""

    engine: Engine
    files: list[File] = field(default_factory=list)

    def receive(self, file: File) -> None:
        self.files.append(file)
        with Session(self.engine) as session:
            outbox.put(session, file.contact, [Reply("照片已收到。")])
            session.commit()


@dataclass
class Chat:
    """The running chat and what stands behind it."""

    url: str
    engine: Engine
    kept: Kept
    taken: list[Update] = field(default_factory=list)

    def tell(self, text: str, **extras: Any) -> None:
        """Say something to everybody who ever wrote."""
        with Session(self.engine) as session:
            for contact in {str(update.contact) for update in self.taken}:
                session.add(
                    Message(contact=contact, text=text, status=Status.QUEUED, extras=extras)
                )
            session.commit()


@contextmanager
def serve(engine: Engine, knowledge: Knowledge, **settings: Any) -> Iterator[Chat]:
    """A chat over ``engine`` on a free port of this machine."""
    service, kept = Service(engine, knowledge), Kept(engine)
    port = free_port()
    chat = Chat(f"http://localhost:{port}", engine, kept)

    async def receive(update: Update) -> None:
        chat.taken.append(update)
        await asyncio.to_thread(service.receive, update)

    async def picture(_request: object) -> Response:
        return Response(SVG, media_type="image/svg+xml")

    web = Webchat(receive, Transcript(engine), secret="secret", attachments=kept, **settings)
    app = Starlette(routes=[*web.routes(), Route("/chat/map/{name}.svg", picture)])
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield chat
    server.should_exit = server.force_exit = True
    thread.join()


@contextmanager
def another_site(html: Callable[[], str]) -> Iterator[str]:
    """The address of a site with one page, on a host of another name."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html().encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def say(page: Any, text: str) -> None:
    await page.get_by_label("想问什么").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()


async def hears(page: Page, text: str) -> None:
    await expect(page.locator("article.bot, article.staff").last).to_contain_text(
        text, timeout=10_000
    )
