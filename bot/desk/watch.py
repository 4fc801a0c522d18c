"""The night watch: rings what is due and returns what the absent left, while the service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.desk import absence, alarms, digest

LONGEST = 20.0
"""Seconds between looks; a due moment is never later than this."""
log = logging.getLogger(__name__)


async def keep(
    engine: Engine, clock: Callable[[], datetime], bell: alarms.Bell, wake: Callable[[], None]
) -> None:
    """Watch until cancelled; ``wake`` tells the courier that something may be due."""
    while True:
        try:
            if await asyncio.to_thread(look, engine, clock(), bell):
                wake()
        except SQLAlchemyError:
            log.exception("the watch could not read the database; it tries again")
        await asyncio.sleep(LONGEST)


def look(engine: Engine, now: datetime, bell: alarms.Bell) -> int:
    """Do everything that is due at ``now``; returns how much that was."""
    done = absence.return_tickets(engine, now) + alarms.ring_due(engine, now, bell)
    return done + digest.post_due(engine, now, bell.group)
