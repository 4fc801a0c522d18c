"""The directory that a running service answers from, kept up to date with the database.

The new index is built aside and then put in place with one assignment; an update that is being
answered keeps the one it began with. Every process polls one number, which costs one row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot.places import store
from knowledge.base import Knowledge
from knowledge.directory import Directory

POLL_SECONDS = 5.0
log = logging.getLogger(__name__)


class LiveDirectory:
    """Gives ``put`` new knowledge whenever the database's directory has changed."""

    def __init__(
        self, engine: Engine, shipped: Knowledge, put: Callable[[Knowledge], None]
    ) -> None:
        self.engine = engine
        self.shipped = shipped
        self.put = put
        self.stored = store.EMPTY

    def refresh(self) -> bool:
        """Put the database's places in place if they changed; whether they did."""
        with Session(self.engine) as session:
            current = store.number(session)
        if current == self.stored.number:
            return False
        stored = store.load(self.engine, centres(self.shipped))
        self.put(with_places(self.shipped, stored))
        self.stored = stored
        log.info("directory %s: %s imported places", stored.number, len(stored.places))
        return True

    async def run(self, pause: float = POLL_SECONDS) -> None:
        """Refresh for ever; a database that is away is tried again."""
        while True:
            await asyncio.sleep(pause)
            try:
                await asyncio.to_thread(self.refresh)
            except SQLAlchemyError:
                log.warning("the directory could not be looked at", exc_info=True)


def with_places(shipped: Knowledge, stored: store.Stored) -> Knowledge:
    """The shipped knowledge with the directory as it stands."""
    places = stored.now(shipped.directory.locations).values()
    return replace(shipped, directory=Directory(places))


def centres(knowledge: Knowledge) -> dict[tuple[str, str], tuple[float, float]]:
    """The towns' centres, for places without a point."""
    towns = (area for area in knowledge.gazetteer.areas if area.kind == "town")
    return {(town.county, town.name): town.point for town in towns if town.point}
