"""Whether the service can work: what ``/readyz`` tells a supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Channel


@runtime_checkable
class Fetcher(Protocol):
    """A channel that asks its platform for news, and so may fall silent."""

    def fetching(self) -> bool: ...


def check(engine: Engine, channels: Mapping[str, Channel]) -> dict[str, Any]:
    """``ready``, ``database`` and, for each channel that fetches, whether it does."""
    database = _answers(engine)
    states = {
        name: channel.fetching()
        for name, channel in channels.items()
        if isinstance(channel, Fetcher)
    }
    ready = database and all(states.values())
    return {"ready": ready, "database": database, "channels": states}


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
