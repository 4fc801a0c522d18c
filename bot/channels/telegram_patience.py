"""How long we try, wait and wait again with Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.channels.telegram_errors import TokenRefused, asked_to_wait, in_words

T = TypeVar("T")
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
    check: float = 60.0
    """Between two looks at how the webhook fares."""


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
