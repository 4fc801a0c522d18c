"""A Bot API that is in trouble for a while."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator

from tests.channels.telegram_emulator import Emulator
from tests.channels.telegram_faults import PHRASES, Fault, Kind, Refused
from tests.faults.rig import Unheard

SHARE = 0.7
"""Of the calls that come during the trouble."""
METHODS = ("getUpdates", "sendMessage")
_SLOW_DOWN = Refused(429, "Too Many Requests: retry after 2", retry_after=2)
_BROKEN = Refused(500, PHRASES[500])
KINDS: tuple[tuple[str, Kind, Refused], ...] = (
    ("429", "status", _SLOW_DOWN),
    ("500", "status", _BROKEN),
    ("HTML of a 502", "html", _BROKEN),
    ("broken JSON", "broken json", _BROKEN),
    ("reset", "reset", _BROKEN),
    ("no answer", "hang", _BROKEN),
    ("answer lost", "lost answer", _BROKEN),
)
"""Name, what the emulator does, what it refuses with. A lost answer was carried out."""


class Unwell(Emulator):
    """Most calls go wrong until ``ill_until``, each in a way of its own."""

    ill_until = 0.0
    """On ``time.monotonic``."""

    def __init__(self, seed: int) -> None:
        super().__init__(Unheard())  # type: ignore[arg-type]
        self.strict = False
        self.troubles: Counter[str] = Counter()
        self._dice = random.Random(seed)  # noqa: S311

    def falls_ill(self, seconds: float) -> None:
        """From now on, for so long."""
        self.ill_until = time.monotonic() + seconds

    def _fault(self, method: str) -> Fault | None:
        ill = method in METHODS and time.monotonic() < self.ill_until
        if not ill or self._dice.random() > SHARE:
            return None
        name, kind, refusal = self._dice.choice(KINDS)
        self.troubles[f"{name} to {method}"] += 1
        return Fault(method, kind, 0, 1, refusal)


@contextlib.asynccontextmanager
async def unwell(seed: int) -> AsyncIterator[Unwell]:
    emulator = Unwell(seed)
    await emulator.start()
    try:
        yield emulator
    finally:
        await emulator.stop()
