"""How fast Telegram lets a bot speak: https://core.telegram.org/bots/faq (“hitting limits”)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """A token bucket: ``burst`` messages at once, then one every ``interval`` seconds."""

    interval: float
    burst: int

    def wait(self, full_at: float, now: float, count: int) -> float:
        """Seconds until ``count`` messages may go; the bucket is full again at ``full_at``."""
        needed = min(count, self.burst) - self.burst
        return max(full_at - now + needed * self.interval, 0.0)


PERSON = Allowance(interval=1.0, burst=3)
GROUP = Allowance(interval=4.0, burst=5)
"""Never more than 20 in any minute."""
PER_SECOND = 25
"""To all chats together; with a burst of five never more than 30 in any second."""

_NOTED = 0.01
"""Seconds from the arrival of one message until the next may leave in its place."""


class Pace:
    """Counts what was said where. Moments and waits are seconds of ``clock``."""

    def __init__(self, clock: Callable[[], float], per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._all = Allowance(1 / per_second, burst=max(5, round(per_second / 5)))
        self._overall = clock()
        self._chats: dict[int, float] = {}

    def enter(self, chat: int, messages: int) -> float:
        """Take the chat's allowance for ``messages``; if it is not 0, wait so long and ask again.

        More messages than a burst go together once the bucket is full, and are paid off later.
        """
        now = self._clock()
        allowance = GROUP if chat < 0 else PERSON
        full_at = self._chats.get(chat, now)
        if (wait := allowance.wait(full_at, now, messages)) > 0.001:
            return wait
        self._chats[chat] = max(full_at, now) + messages * allowance.interval
        if len(self._chats) > 10_000:
            self._chats = {key: at for key, at in self._chats.items() if at > now}
        return 0.0

    def queue(self) -> float:
        """Take a place in the line all chats share; send after so many seconds."""
        now = self._clock()
        wait = self._all.wait(self._overall, now, 1)
        self._overall = max(self._overall, now) + self._all.interval
        return wait

    def lanes(self, seconds: float) -> int:
        """How many messages, each ``seconds`` on its way, keep up this pace to all chats."""
        return max(1, round((seconds + _NOTED) / self._all.interval))
