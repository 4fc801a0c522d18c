"""New replies wake the couriers of other processes: PostgreSQL's LISTEN and NOTIFY.

Only a hint: whoever misses it finds the replies at the next look at the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Engine, text
from sqlmodel import Session

from bot.db.line import open_line

_CHANNEL = "youjun_outbox"
_AGAIN = 2.0
"""Seconds before we listen again after trouble."""
log = logging.getLogger(__name__)


def tell_others(session: Session) -> None:
    """Say, with the commit, that the outbox has something new."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {_CHANNEL}"))


async def listen(engine: Engine, wake: Callable[[], None]) -> None:
    """Call ``wake`` whenever some process has put something into the outbox, until cancelled;
    returns at once on SQLite, which has one process."""
    if engine.dialect.name != "postgresql":
        return
    from psycopg import Error

    while True:
        try:
            async with await open_line(engine) as line:
                await line.execute(f"LISTEN {_CHANNEL}")
                wake()  # for what was put while nobody listened
                async for _ in line.notifies():
                    wake()
        except (Error, OSError) as problem:
            log.warning("not listening for new replies: %s", type(problem).__name__)
        await asyncio.sleep(_AGAIN)
