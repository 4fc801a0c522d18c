"""Ends the process when a channel has fetched nothing for too long, so that it is started anew.

Polling can fall silent without any error (a wedged connection, a proxy that swallows answers); a
new process is the one cure that always works. What is in hand is finished first.
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
    def last_fetched(self) -> float | None: ...


async def keep_watch(
    channel: Fetching,
    limit: float,
    stop: Callable[[], None],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return once ``channel`` has fetched nothing for ``limit`` seconds, after calling ``stop``."""
    began = clock()
    while True:
        since = clock() - max(began, channel.last_fetched or began)
        if since >= limit:
            break
        await asyncio.sleep(min(1.0, limit - since))
    log.critical(
        "%s: nothing fetched for %.0f s; the process ends with code %s so that its supervisor "
        "starts it anew (telegram.exit_after_seconds)",
        channel.name,
        since,
        EXIT_CODE,
    )
    stop()


def end_anyway(seconds: float = _GRACE) -> None:
    """End the process after ``seconds``, even if the orderly end hangs."""
    timer = threading.Timer(seconds, os._exit, (EXIT_CODE,))
    timer.daemon = True
    timer.start()
