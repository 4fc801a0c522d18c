"""Updates that wait for a bot, and the rules by which getUpdates hands them out."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Any

from tests.channels.telegram_faults import PHRASES, Refused

Json = dict[str, Any]


class Inbox:
    """The queue of one bot, as https://github.com/tdlib/telegram-bot-api keeps it."""

    def __init__(self) -> None:
        self.pending: dict[int, Json] = {}
        """Updates not yet acknowledged."""
        self.spin = 0.5
        """Seconds: who asks twice for the same offset so fast, gets one update only."""
        self._ids = count(700_000_001)
        self._allowed: list[str] | None = None
        self._asked = (-1, 0.0)
        self._poll: asyncio.Future[None] | None = None

    def push(self, update: Json) -> tuple[str, Json]:
        """Queue an update, numbered unless it has a number; returns its kind and itself.

        Kinds the bot did not ask for are dropped.
        """
        if "update_id" not in update:
            update = {"update_id": next(self._ids), **update}
        kind = next(key for key in update if key != "update_id")
        if self._allowed is None or kind in self._allowed:
            self.pending[update["update_id"]] = update
        if self._poll and not self._poll.done():
            self._poll.set_result(None)
        return kind, update

    def allow(self, given: Json) -> None:
        """Remember which kinds the bot asks for; an empty list asks for the usual ones."""
        self._allowed = given.get("allowed_updates", self._allowed) or None

    def interrupt(self, words: str) -> None:
        """End a poll that waits."""
        if self._poll and not self._poll.done():
            self._poll.set_exception(Refused(409, words))

    async def get_updates(self, given: Json) -> list[Json]:
        """Forget what is below the offset, then wait for something new. Raises Refused."""
        offset, limit = int(given.get("offset", 0)), 100
        self.allow(given)
        if self._asked[0] == offset and time.monotonic() < self._asked[1] + self.spin:
            limit = 1
        self._asked = (offset, time.monotonic())
        for id in [id for id in self.pending if id < offset]:
            del self.pending[id]
        if not self.pending:
            await self._wait(float(given.get("timeout", 0)))
        return [self.pending[id] for id in sorted(self.pending)][:limit]

    async def _wait(self, seconds: float) -> None:
        """Until an update comes; a second poll throws the first one out."""
        self.interrupt(PHRASES[409])
        mine = self._poll = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([mine], timeout=seconds)
        if self._poll is mine:
            self._poll = None
        for ended in done:
            ended.result()
