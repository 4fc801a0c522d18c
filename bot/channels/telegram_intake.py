"""What is done with an update, however it came: the service hears of it, buttons stop turning."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

import telegram
from telegram.error import TelegramError

from bot.channels.base import Receive
from bot.channels.telegram_read import read, read_blocking
from handlers.messages import Contact

Blocked: TypeAlias = Callable[[Contact, bool], Awaitable[None]]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
log = logging.getLogger(__name__)


class Intake:
    """Hands updates of one bot to the service."""

    def __init__(
        self,
        bot: telegram.Bot,
        spawn: Spawn,
        *,
        staff_group: int | None,
        blocked: Blocked | None,
    ) -> None:
        """``spawn`` runs what need not be waited for; ``blocked`` hears who blocks us."""
        self.receive: Receive | None = None
        """Set once the service is there."""
        self._bot, self._spawn = bot, spawn
        self._staff_group, self._blocked = staff_group, blocked

    async def take(self, raw: telegram.Update) -> None:
        """Deal with an update; returns once it is committed, raises if it is not."""
        if self.receive is None:
            raise RuntimeError("the service is not there yet")
        if raw.callback_query is not None:
            self._spawn(self._stop_spinner(raw.callback_query.id))
        if (change := read_blocking(raw)) and self._blocked is not None:
            await self._blocked(*change)
        update = read(raw, self._staff_group)
        if update is not None:
            await self.receive(update)

    async def _stop_spinner(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as problem:  # too old, or answered before: the spinner is gone
            log.debug("callback query not answered: %s", problem)
