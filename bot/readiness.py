"""Whether the service can work: what ``/readyz`` tells a supervisor."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, func, select

from bot.channels.base import Channel
from bot.db import outbox
from bot.db.setaside import SetAside

LATE = timedelta(minutes=15)
"""A reply that is due for so long does not leave."""
ROOM = 200 * 1024 * 1024
"""Bytes of free disk below which nothing more should be promised."""


@runtime_checkable
class Fetcher(Protocol):
    """A channel that asks its platform for news, and so may fall silent."""

    def fetching(self) -> bool: ...


def check(
    engine: Engine,
    channels: Mapping[str, Channel],
    folder: Path,
    now: datetime,
    *,
    standby: Collection[str] = (),
    room: int = ROOM,
    full: bool = False,
) -> dict[str, Any]:
    """``ready``; ``database``; by channel whether it fetches (``channels``; those another process
    fetches for are ``standby``) and for how many seconds its oldest reply is due
    (``outbox_seconds``); ``disk_free_bytes`` and whether the disk of the database, which may be
    another, is ``full`` (``database_full``); and how many updates were ``set_aside`` because
    nothing could be done with them. None: unknown."""
    stored = _stored(engine, channels, now)
    ages, aside = stored or (None, None)
    states = {
        name: channel.fetching()
        for name, channel in channels.items()
        if isinstance(channel, Fetcher) and name not in standby
    }
    free = shutil.disk_usage(folder).free
    late = any(age > LATE.total_seconds() for age in (ages or {}).values())
    return {
        "ready": ages is not None
        and all(states.values())
        and not late
        and free > room
        and not full,
        "database": ages is not None,
        "database_full": full,
        "channels": states,
        "standby": list(standby),
        "outbox_seconds": ages,
        "set_aside": aside,
        "disk_free_bytes": free,
    }


def _stored(
    engine: Engine, channels: Iterable[str], now: datetime
) -> tuple[dict[str, float], int] | None:
    """What the database tells; None while it does not answer."""
    try:
        with Session(engine) as session:
            oldest = {name: outbox.due(session, name, now)[1] for name in channels}
            aside = session.exec(select(func.count()).select_from(SetAside)).one()
    except SQLAlchemyError:
        return None
    ages = {name: (now - at).total_seconds() if at else 0.0 for name, at in oldest.items()}
    return ages, aside
