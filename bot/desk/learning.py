"""Beside the service: groups what nothing answered, and tells staff of the week."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.desk import gaps, weekly
from knowledge.search import Index

PAUSE = 60.0
"""Seconds between looks."""
log = logging.getLogger(__name__)


async def keep(engine: Engine, clock: Callable[[], datetime], index: Callable[[], Index]) -> None:
    """Look until cancelled; ``index`` gives the one that answers now."""
    while True:
        try:
            await asyncio.to_thread(look, engine, clock(), index())
        except SQLAlchemyError:
            log.exception("the database could not be read; it is tried again")
        await asyncio.sleep(PAUSE)


def look(engine: Engine, now: datetime, index: Index) -> None:
    """Group everything that is not grouped yet; tell of last week if it is time."""
    while gaps.gather(engine, index):
        pass
    weekly.announce(engine, now)
