"""Access tokens that all processes share; encrypted like everything that must not leak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from bot.db.tables import AccessToken, now

_MARGIN = timedelta(minutes=5)
"""A token that runs out sooner is not handed out."""


class SharedToken:
    """One named token in the database."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], datetime] = now) -> None:
        self.engine, self.name, self.clock = engine, name, clock

    async def read(self) -> str | None:
        """The token, unless it runs out soon."""
        return await asyncio.to_thread(self._read)

    async def write(self, token: str, *, seconds: float) -> None:
        """Keep a token that is good for ``seconds``."""
        await asyncio.to_thread(self._write, token, timedelta(seconds=seconds))

    async def drop(self, token: str) -> None:
        """Forget this token, unless another process has replaced it."""
        await asyncio.to_thread(self._drop, token)

    def _read(self) -> str | None:
        with Session(self.engine) as session:
            found = session.get(AccessToken, self.name)
            good = found is not None and found.expires_at - _MARGIN > self.clock()
            return found.token if found and good else None

    def _write(self, token: str, age: timedelta) -> None:
        with Session(self.engine) as session:
            session.merge(AccessToken(name=self.name, token=token, expires_at=self.clock() + age))
            session.commit()

    def _drop(self, token: str) -> None:
        with Session(self.engine) as session:
            found = session.get(AccessToken, self.name)
            if found and found.token == token:
                session.delete(found)
                session.commit()
