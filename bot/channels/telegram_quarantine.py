"""Updates that cannot be dealt with: tried again, and set aside before they block the rest."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.channels.telegram_patience import Timing

TRIES = 5
"""An update that failed so often, while others went well, is set aside."""
_REMEMBERED = 1000
"""Failing updates; one that never comes again is forgotten at last."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Poison:
    """An update that could not be dealt with, kept for whoever looks into it."""

    update_id: int
    reason: str
    raw: dict[str, Any]


Keep: TypeAlias = Callable[[Poison], Awaitable[None]]
"""Stores it; raises if it could not."""


@dataclass
class _Failure:
    """How an update fared; ``taken`` counts the others that went well until it failed last."""

    tries: int
    taken: int
    due: float


class Quarantine:
    """Judges whether the fault is the update's own or the world's."""

    def __init__(self, keep: Keep | None, *, timing: Timing, clock: Callable[[], float]) -> None:
        """Without ``keep`` the latest are kept in memory only."""
        self.recent: deque[Poison] = deque(maxlen=100)
        self._keep, self._timing, self._clock = keep, timing, clock
        self._taken = 0
        self._failures: dict[int, _Failure] = {}

    def due(self, id: int) -> bool:
        """Whether to try this update now, or later because it failed a moment ago."""
        failure = self._failures.get(id)
        return failure is None or self._clock() >= failure.due

    def stubborn(self, id: int) -> bool:
        """Whether it failed so often that one behind it is let through: if that goes well, the
        fault is the update's own."""
        failure = self._failures.get(id)
        return failure is not None and failure.tries >= TRIES

    def went_well(self, id: int) -> None:
        """Note that an update was taken."""
        self._taken += 1
        self._failures.pop(id, None)

    async def failed(self, raw: dict[str, Any], problem: Exception) -> bool:
        """Count the failure; True if the update is set aside now.

        While nothing else goes well either, the trouble is not this update's (a database that is
        away): then it is tried again for as long as it takes.
        """
        id = raw["update_id"]
        failure = self._failures.setdefault(id, _Failure(0, self._taken, 0.0))
        others_go_well, failure.taken = self._taken > failure.taken, self._taken
        failure.tries += 1
        wait = min(self._timing.first_wait * 2 ** (failure.tries - 1), self._timing.longest_wait)
        failure.due = self._clock() + wait
        if len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]
        words = first_line(problem)
        log.warning("update %s failed (try %s): %s", id, failure.tries, words)
        if failure.tries < TRIES or not others_go_well:
            return False
        return await self.set_aside(raw, f"failed {failure.tries} times: {words}")

    async def set_aside(self, raw: dict[str, Any], reason: str) -> bool:
        """Keep the update for inspection; False if that did not work, so that it must wait."""
        poison = Poison(raw["update_id"], reason, raw)
        if self._keep is not None:
            try:
                await self._keep(poison)
            except Exception as problem:
                log.warning("update %s cannot be kept: %s", poison.update_id, first_line(problem))
                return False
        log.error(
            "update %s set aside, %s; `youjun telegram poison` shows it", poison.update_id, reason
        )
        self.recent.append(poison)
        self._failures.pop(poison.update_id, None)
        return True


def first_line(problem: Exception) -> str:
    """What it was; further lines of a database error show what people wrote."""
    said = str(problem).splitlines()
    return f"{type(problem).__name__}: {said[0][:200] if said else ''}"
