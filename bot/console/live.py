"""Tells open pages that something changed: server-sent events, one line each change.

What changed is fetched by the page itself, with the same checks as ever.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.console import access
from bot.console.base import Console
from bot.db.tables import Message, TicketEvent
from bot.desk import notices

PAUSE = 2.0
"""Seconds between looks."""
LONGEST = 150
"""Looks of one connection; then the browser connects anew, with its cookie checked anew."""


def events(console: Console) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint; nothing for strangers."""

    async def endpoint(request: Request) -> Response:
        login = access.read(console, request.cookies.get(access.COOKIE, ""))
        if login is None or await run_in_threadpool(pulse, console, login) is None:
            return Response(status_code=401)
        return StreamingResponse(
            stream(console, login, pause=PAUSE),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    return endpoint


async def stream(console: Console, login: access.Login, *, pause: float) -> AsyncIterator[str]:
    """``changed`` whenever something did; ends when the sign-in does."""
    shown: str | None = None
    for _ in range(LONGEST):
        try:
            now = await run_in_threadpool(pulse, console, login)
        except SQLAlchemyError:
            return  # the browser connects again
        if now is None:
            yield "event: ended\ndata: {}\n\n"
            return
        if now != shown:
            yield f"event: changed\ndata: {now}\n\n"
        shown = now
        await asyncio.sleep(pause)


def pulse(console: Console, login: access.Login) -> str | None:
    """Differs when something changed; None when the sign-in has ended."""
    with Session(console.engine) as db:
        staff = access.staff_of(db, login)
        if staff is None or access.lacks_second_factor(console, db, staff):
            return None
        last = db.exec(select(func.max(TicketEvent.id))).one() or 0
        said = db.exec(select(func.max(Message.id))).one() or 0
        return json.dumps({"at": f"{last}.{said}", "notices": notices.count(db, staff)})
