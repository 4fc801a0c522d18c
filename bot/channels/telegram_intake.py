"""What is done with an update, however it came: the service hears of it, buttons stop turning."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import replace
from typing import Any, TypeAlias

import telegram
from telegram.error import TelegramError

from bot.channels.base import Receive
from bot.channels.files import Attachments, File
from bot.channels.speech import Transcriber, Unheard
from bot.channels.staffroom import Hear
from bot.channels.telegram_files import Files, Sent, attached, voice_of
from bot.channels.telegram_public import read_public
from bot.channels.telegram_read import Parsed, read, read_blocking
from bot.channels.telegram_register import Register
from bot.channels.telegram_staff_read import read_group
from handlers.messages import Contact, Update

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
        register: Register,
        hear: Hear | None,
        staff_groups: Callable[[], Awaitable[Collection[int]]] | None,
        blocked: Blocked | None,
        files: Files,
        attachments: Attachments | None,
        transcriber: Transcriber | None,
        wake: Callable[[], None],
    ) -> None:
        """``spawn`` runs what need not be waited for; ``hear`` takes what is done in groups, and
        ``staff_groups`` says which are staff's; ``blocked`` hears who blocks us;
        ``attachments`` keeps photos and papers and ``transcriber`` listens to voice messages,
        both are refused politely without; ``wake`` sets the courier going."""
        self.receive: Receive | None = None
        """Set once the service is there."""
        self._bot, self._spawn = bot, spawn
        self._register, self._bot_id = register, int(bot.token.partition(":")[0])
        self._hear, self._blocked = hear, blocked
        self._staff_groups = staff_groups or _none
        self._files, self._attachments = files, attachments
        self._transcriber, self._wake = transcriber, wake

    async def take(self, raw: Parsed) -> None:
        """Deal with an update; returns once it is committed, raises if it is not."""
        if self.receive is None:
            raise RuntimeError("the service is not there yet")
        if isinstance(raw, Update):
            await self.receive(raw)
            return
        if raw.callback_query is not None:
            self._spawn(self._stop_spinner(raw.callback_query.id))
        if (change := read_blocking(raw)) and self._blocked is not None:
            await self._blocked(*change)
        asked = read_public(raw, self._bot_id, self._register.username)
        if asked is not None and int(asked.contact.address) not in await self._staff_groups():
            await self.receive(asked)
            return
        if self._hear is not None and (said := read_group(raw, self._bot)) is not None:
            await self._hear(said)
            return
        update = read(raw)
        if update is not None and raw.message is not None and update.unsupported:
            update = await self._opened(update, raw.message)
        if update is not None:
            await self.receive(update)

    async def _opened(self, update: Update, message: telegram.Message) -> Update | None:
        """The update with what its file says; None when there is nothing more to answer."""
        if self._attachments and (sent := attached(message)):
            data = await self._files.fetch(sent)
            file = File(
                f"{update.id}-file", update.contact, sent.name, data, message.media_group_id
            )
            await asyncio.to_thread(self._attachments.receive, file)
            self._wake()
            return replace(update, unsupported=None) if update.text else None
        if self._transcriber and (sent := voice_of(message)):
            return await self._listen(update, sent, self._transcriber)
        return update

    async def _listen(self, update: Update, sent: Sent, transcriber: Transcriber) -> Update:
        if (voice := await self._files.fetch(sent)) is None:
            return update
        try:
            text = await transcriber.transcribe(voice, sent.name)
        except Unheard as problem:
            log.warning("a voice message was not understood: %s", problem)
            return update
        return replace(update, text=text, unsupported=None, spoken=True)

    async def _stop_spinner(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as problem:  # too old, or answered before: the spinner is gone
            log.debug("callback query not answered: %s", problem)


async def _none() -> Collection[int]:
    return ()
