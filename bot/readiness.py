"""Whether the service can work: what ``/readyz`` tells a supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, func, select

from bot.channels.base import Channel
from bot.db.setaside import SetAside


@runtime_checkable
class Fetcher(Protocol):
    """A channel that asks its platform for news, and so may fall silent."""

    def fetching(self) -> bool: ...


def check(engine: Engine, channels: Mapping[str, Channel]) -> dict[str, Any]:
    """``ready``, ``database``, for each channel that fetches, whether it does, and how many
    updates were ``set_aside`` because nothing could be done with them (None: unknown)."""
    aside = _set_aside(engine)
    states = {
        name: channel.fetching()
        for name, channel in channels.items()
        if isinstance(channel, Fetcher)
    }
    database = aside is not None
    ready = database and all(states.values())
    return {"ready": ready, "database": database, "channels": states, "set_aside": aside}


def _set_aside(engine: Engine) -> int | None:
    """How many updates wait for somebody to look at them; None if the database is away."""
    try:
        with Session(engine) as session:
            return session.exec(select(func.count()).select_from(SetAside)).one()
    except SQLAlchemyError:
        return None
