"""Long polling that acknowledges an update only after it was taken care of.

python-telegram-bot's own updater acknowledges first, stops for good at one stray 401, and never
gets past an update it cannot parse. Telegram forgets an update when getUpdates is called with a
higher offset: https://core.telegram.org/bots/api#getupdates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from telegram.error import TelegramError

from bot.channels.telegram_errors import is_answer
from bot.channels.telegram_patience import Timing, patiently
from bot.channels.telegram_quarantine import Quarantine, first_line
from bot.channels.telegram_read import Parsed, chat_of, parsed

_SIDE_BY_SIDE = 32
"""Chats whose updates are worked on at the same time."""
_FAREWELL = 20.0
"""Seconds an update in hand gets when we stop."""


class Poller:
    """Fetches, hands over, acknowledges – in this order, and never gives up by itself."""

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[list[Any]]],
        take: Callable[[Parsed], Awaitable[None]],
        quarantine: Quarantine,
        *,
        secret: str,
        timing: Timing,
        clock: Callable[[], float],
    ) -> None:
        """``fetch`` takes an offset; an update is dealt with when ``take`` returns."""
        self.last_fetched: float | None = None
        self.last_heard: float | None = None
        """When Telegram last answered, be it with an error or with nonsense."""
        self._fetch, self._take, self._quarantine = fetch, take, quarantine
        self._secret, self._timing, self._clock = secret, timing, clock
        self._offset = 0
        self._settled: set[int] = set()
        self._lanes = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._stopping = False

    async def run(self) -> None:
        """Poll until cancelled; an update in hand is finished first, the rest is left behind."""
        while True:
            batch = await patiently(self._next, secret=self._secret, timing=self._timing)
            work = asyncio.ensure_future(self._work(batch))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self._stopping = True
                await asyncio.wait([work], timeout=_FAREWELL)
                raise
            if self._acknowledge(batch) < len(batch):
                await asyncio.sleep(self._timing.first_wait)

    async def _next(self) -> list[dict[str, Any]]:
        try:
            batch = await self._fetch(self._offset)
        except TelegramError as problem:
            if is_answer(problem):
                self.last_heard = self._clock()
            raise
        self.last_fetched = self.last_heard = self._clock()
        return [raw for raw in batch if isinstance(raw, dict) and "update_id" in raw]

    def _acknowledge(self, batch: list[dict[str, Any]]) -> int:
        """Move the offset past everything settled up to the first that is not."""
        for count, raw in enumerate(batch):
            if raw["update_id"] not in self._settled:
                return count
            self._offset = raw["update_id"] + 1
        self._settled.clear()
        return len(batch)

    async def _work(self, batch: list[dict[str, Any]]) -> None:
        lines: dict[int, list[tuple[Parsed, dict[str, Any]]]] = {}
        for raw in batch:
            if raw["update_id"] in self._settled:
                continue
            if update := await self._parse(raw):
                lines.setdefault(chat_of(update), []).append((update, raw))
        await asyncio.gather(*(self._line(line) for line in lines.values()))

    async def _parse(self, raw: dict[str, Any]) -> Parsed | None:
        try:
            return parsed(raw)
        except Exception as problem:
            if await self._quarantine.set_aside(raw, f"cannot be parsed: {first_line(problem)}"):
                self._settled.add(raw["update_id"])
            return None

    async def _line(self, line: Iterable[tuple[Parsed, dict[str, Any]]]) -> None:
        """The updates of one chat, in order; those behind a failed one wait for it."""
        async with self._lanes:
            for update, raw in line:
                if self._stopping:
                    return
                due = self._quarantine.due(raw["update_id"])
                if due and await self._try(update, raw):
                    continue
                aside = raw["update_id"] in self._settled
                if not aside and not self._quarantine.stubborn(raw["update_id"]):
                    return

    async def _try(self, update: Parsed, raw: dict[str, Any]) -> bool:
        """Whether it was taken."""
        try:
            await self._take(update)
        except Exception as problem:
            if await self._quarantine.failed(raw, problem):
                self._settled.add(raw["update_id"])
            return False
        self._quarantine.went_well(raw["update_id"])
        self._settled.add(raw["update_id"])
        return True
