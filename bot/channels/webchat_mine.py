"""The web chat's pages with everything we keep about the person who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.messages import Contact

Admit = Callable[[Request], "Contact | Response"]
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Mine(Protocol):
    """Where they come from."""

    def html(self, contact: Contact) -> str: ...
    def json(self, contact: Contact) -> str: ...


def routes(mine: Mine, admit: Admit) -> list[Route]:
    """``/chat/mine`` and ``/chat/mine.json``; ``admit`` says who asks, or why they get nothing."""

    async def page(request: Request) -> Response:
        who = admit(request)
        if isinstance(who, Response):
            return who
        text = await run_in_threadpool(mine.html, who)
        return Response(text, media_type="text/html", headers=_HEADERS)

    async def file(request: Request) -> Response:
        who = admit(request)
        if isinstance(who, Response):
            return who
        text = await run_in_threadpool(mine.json, who)
        kept = {"Content-Disposition": 'attachment; filename="youjun-mine.json"'}
        return Response(text, media_type="application/json", headers=_HEADERS | kept)

    return [
        Route("/chat/mine", page, methods=["GET"]),
        Route("/chat/mine.json", file, methods=["GET"]),
    ]
