"""Long polling that acknowledges an update only after it was taken care of.

python-telegram-bot's own updater acknowledges first, stops for good at one stray 401, and never
gets past an update it cannot parse. Telegram forgets an update when getUpdates is called with a
higher offset: https://core.telegram.org/bots/api#getupdates.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import telegram

from bot.channels.telegram_errors import TokenRefused, asked_to_wait, in_words
from bot.channels.telegram_read import chat_of

T = TypeVar("T")
TRIES = 5
"""An update that failed so often, while others went well, is set aside."""
_SIDE_BY_SIDE = 8
"""Chats whose updates are worked on at the same time."""
_FAREWELL = 20.0
"""Seconds an update in hand gets when we stop."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Seconds."""

    poll: float = 25.0
    """Telegram holds an empty getUpdates open for so long …"""
    slack: float = 5.0
    """… and we wait so much longer for its answer."""
    first_wait: float = 1.0
    """After trouble, doubling … (Telegram throttles whoever asks twice within half a second.)"""
    longest_wait: float = 30.0
    stale: float = 60.0
    """Without a successful getUpdates for so long, the channel is not healthy."""


@dataclass(frozen=True)
class Poison:
    """An update that could not be dealt with, kept for whoever looks into it."""

    update_id: int
    reason: str
    raw: dict[str, Any]


@dataclass
class _Failure:
    """How an update fared; ``taken`` counts the others that went well until it failed last."""

    tries: int
    taken: int
    due: float


class Poller:
    """Fetches, hands over, acknowledges – in this order, and never gives up by itself."""

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[list[Any]]],
        take: Callable[[telegram.Update], Awaitable[None]],
        *,
        secret: str,
        timing: Timing,
        clock: Callable[[], float],
    ) -> None:
        """``fetch`` takes an offset; an update is dealt with when ``take`` returns."""
        self.last_fetched: float | None = None
        self.poison: deque[Poison] = deque(maxlen=100)
        self._fetch, self._take = fetch, take
        self._secret, self._timing, self._clock = secret, timing, clock
        self._offset = 0
        self._taken = 0
        self._settled: set[int] = set()
        self._failures: dict[int, _Failure] = {}
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
        batch = await self._fetch(self._offset)
        self.last_fetched = self._clock()
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
        lines: dict[int, list[tuple[telegram.Update, dict[str, Any]]]] = {}
        for raw in batch:
            if raw["update_id"] not in self._settled and (update := self._parse(raw)):
                lines.setdefault(chat_of(update), []).append((update, raw))
        await asyncio.gather(*(self._line(line) for line in lines.values()))

    def _parse(self, raw: dict[str, Any]) -> telegram.Update | None:
        try:
            return telegram.Update.de_json(raw)
        except Exception as problem:
            self._set_aside(raw, f"cannot be parsed: {_first_line(problem)}")
            return None

    async def _line(self, line: Iterable[tuple[telegram.Update, dict[str, Any]]]) -> None:
        """The updates of one chat, in order; those behind a failed one wait for it.

        Once it has failed often, one behind it is let through: if that goes well, the fault is
        the update's own.
        """
        async with self._lanes:
            for update, raw in line:
                if self._stopping:
                    return
                failure = self._failures.get(update.update_id)
                due = failure is None or self._clock() >= failure.due
                if due and await self._try(update, raw):
                    continue
                failure = self._failures.get(update.update_id)
                if failure and failure.tries < TRIES:
                    return

    async def _try(self, update: telegram.Update, raw: dict[str, Any]) -> bool:
        try:
            await self._take(update)
        except Exception as problem:
            self._fail(raw, problem)
            return False
        self._taken += 1
        self._settled.add(update.update_id)
        self._failures.pop(update.update_id, None)
        return True

    def _fail(self, raw: dict[str, Any], problem: Exception) -> None:
        """Count the failure. While nothing else goes well either, the trouble is not this
        update's (a database that is away): then it is tried again for as long as it takes."""
        id = raw["update_id"]
        failure = self._failures.setdefault(id, _Failure(0, self._taken, 0.0))
        others_go_well, failure.taken = self._taken > failure.taken, self._taken
        failure.tries += 1
        wait = min(self._timing.first_wait * 2 ** (failure.tries - 1), self._timing.longest_wait)
        failure.due = self._clock() + wait
        words = _first_line(problem)
        log.warning("update %s failed (try %s): %s", id, failure.tries, words)
        if failure.tries >= TRIES and others_go_well:
            del self._failures[id]
            self._set_aside(raw, f"failed {failure.tries} times: {words}")

    def _set_aside(self, raw: dict[str, Any], reason: str) -> None:
        log.error("update %s set aside, %s", raw["update_id"], reason)
        self.poison.append(Poison(raw["update_id"], reason, raw))
        self._settled.add(raw["update_id"])


async def patiently(do: Callable[[], Awaitable[T]], *, secret: str, timing: Timing) -> T:
    """Call until it succeeds, waiting longer and longer; raises TokenRefused, nothing else."""
    for tries, wait in enumerate(_waits(timing)):
        try:
            result = await do()
        except TokenRefused:
            raise
        except Exception as problem:
            pause = max(wait, asked_to_wait(problem))
            log.warning("%s; next try in %g s", in_words(problem, secret=secret), pause)
            await asyncio.sleep(pause)
            continue
        if tries:
            log.info("Telegram answers again")
        return result
    raise AssertionError("waits never end")


def _waits(timing: Timing) -> Iterator[float]:
    wait = timing.first_wait
    while True:
        yield wait
        wait = min(2 * wait, timing.longest_wait)


def _first_line(problem: Exception) -> str:
    """What it was; further lines of a database error show what people wrote."""
    said = str(problem).splitlines()
    return f"{type(problem).__name__}: {said[0][:200] if said else ''}"
