"""Ends the process when a channel has fetched nothing for too long, so that it is started anew.

Polling can fall silent without any error (a wedged connection, a proxy that swallows answers); a
new process is the one cure that always works. What is in hand is finished first. While the
platform cannot be reached at all, or says why it hands out nothing, a new process would fare no
better and the other channels would suffer: then it is told, and that is all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

EXIT_CODE = 75
"""EX_TEMPFAIL of sysexits.h: try again later."""
_GRACE = 45.0
"""Seconds for the orderly end; after that the process goes in any case."""
log = logging.getLogger(__name__)


class Fetching(Protocol):
    """A channel as the watchdog sees it."""

    @property
    def name(self) -> str: ...

    @property
    def last_heard(self) -> float | None:
        """When the platform last answered our asking for news, be it with an error."""

    async def reachable(self) -> bool:
        """Whether the platform answers on a new connection."""


async def keep_watch(
    channel: Fetching,
    limit: float,
    stop: Callable[[], None],
    *,
    alone: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return once ``channel`` has heard nothing for ``limit`` seconds and could, after calling
    ``stop``. ``alone``: nothing else is served, so that nobody is hurt if it could not."""
    began, told = clock(), -limit
    while True:
        await asyncio.sleep(min(1.0, limit))
        silent = clock() - max(began, channel.last_heard or began)
        if silent < limit or clock() - told < limit:
            continue
        if alone or await channel.reachable():
            break
        told = clock()
        log.error(
            "%s: nothing fetched for %.0f s, the platform cannot be reached; the rest goes on",
            channel.name,
            silent,
        )
    log.critical(
        "%s: nothing fetched for %.0f s; the process ends with code %s so that its supervisor "
        "starts it anew (telegram.exit_after_seconds)",
        channel.name,
        silent,
        EXIT_CODE,
    )
    stop()


def end_anyway(seconds: float = _GRACE) -> None:
    """End the process after ``seconds``, even if the orderly end hangs."""
    timer = threading.Timer(seconds, os._exit, (EXIT_CODE,))
    timer.daemon = True
    timer.start()
