"""One process of many does what only one may do; when it ends, the next takes over in seconds.

The office is an advisory lock of PostgreSQL: it ends with the connection that holds it. With
SQLite there is one process, which needs no election.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Engine

from bot.db.line import open_line

_NAMESPACE = 4_207_002
"""First half of the lock's key: apart from everybody else's locks in this database."""
_BEAT = 1.0
"""Seconds between looks: at the lock, for who stands by; at the connection, for who holds it."""
_PATIENCE = 5.0
"""Seconds a look may take before the connection counts as lost."""
log = logging.getLogger(__name__)


class Election:
    """``holds`` says whether this process has the office."""

    def __init__(self, engine: Engine, office: str) -> None:
        self.holds = False
        self._engine, self._office = engine, office

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` whenever this process has the office, until cancelled; raises what it raised,
        returns when it returned. A process that loses the database stops the work."""
        if self._engine.dialect.name != "postgresql":
            self.holds = True
            await work()
            return
        from psycopg import Error

        while True:
            try:
                async with await open_line(self._engine) as line:
                    await self._wait(line)
                    if await self._serve(line, work):
                        return
            except (Error, OSError, TimeoutError) as problem:
                log.warning("%s: no say in the election: %s", self._office, type(problem).__name__)
            await asyncio.sleep(_BEAT)

    async def _wait(self, line: Any) -> None:
        key = zlib.crc32(self._office.encode()) >> 1
        query = f"SELECT pg_try_advisory_lock({_NAMESPACE}, {key})"
        while True:
            answer = await line.execute(query)
            if (await answer.fetchone())[0]:
                return
            await asyncio.sleep(_BEAT)

    async def _serve(self, line: Any, work: Callable[[], Awaitable[None]]) -> bool:
        """Work while the connection lives; whether the work ended by itself."""
        log.info("%s: this process is elected", self._office)
        self.holds = True
        task = asyncio.ensure_future(work())
        try:
            while not (await asyncio.wait([task], timeout=_BEAT))[0]:
                async with asyncio.timeout(_PATIENCE):
                    await line.execute("SELECT 1")
            await task
            return True
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.holds = False
