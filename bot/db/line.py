"""A connection to PostgreSQL that is held open: what is locked or listened to ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_KEEPALIVE: dict[str, Any] = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""Seconds, seconds, tries: a peer that lost its power is noticed within eleven seconds."""


async def open_line(engine: Engine) -> AsyncConnection[Any]:
    """A connection of its own, outside the pool, without transactions. Raises psycopg.Error."""
    from psycopg import AsyncConnection

    _, how = engine.dialect.create_connect_args(engine.url)
    server = " ".join(f"-c tcp_{name}={value}" for name, value in _KEEPALIVE.items())
    options = f"{how.pop('options', '')} {server}".strip()
    return await AsyncConnection.connect(
        autocommit=True, connect_timeout=5, options=options, **_KEEPALIVE, **how
    )
