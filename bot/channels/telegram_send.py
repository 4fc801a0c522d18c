"""Replies on their way out: paced, in parts, to where a chat has moved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import telegram
from telegram.error import ChatMigrated
from telegram.request import RequestData

from bot.channels.base import SlowDown, Undeliverable
from bot.channels.telegram_errors import of_delivery
from bot.channels.telegram_pace import PER_SECOND, Pace
from bot.channels.telegram_render import REMOVE, Outgoing, render
from bot.channels.telegram_request import Call
from handlers.messages import Reply

_RESUME = 120.0
"""Seconds for which we remember how much of a reply has arrived."""
_SHARE = 0.2
"""What the latest call counts in the mean of how long calls take."""
_NO_PREVIEW = {"is_disabled": True}
log = logging.getLogger(__name__)


class Sender:
    """Sends replies of one bot; one chat's waiting holds up no other chat."""

    def __init__(
        self, bot: telegram.Bot, clock: Callable[[], float], per_second: float = PER_SECOND
    ) -> None:
        self._bot, self._clock = bot, clock
        self._pace = Pace(clock, per_second)
        self._arrived: dict[tuple[int, Reply], tuple[int, float]] = {}
        self._keyboards: set[int] = set()
        self._moved: dict[int, int] = {}
        self._takes = 0.0

    @property
    def lanes(self) -> int:
        """How many replies on their way at a time keep up our pace, as fast as Telegram answers:
        one where it is next door, four from far away."""
        return self._pace.lanes(self._takes)

    def where(self, chat: int) -> int:
        """The number a chat has now: a group that became a supergroup got a new one."""
        return self._moved.get(chat, chat)

    async def send(self, chat: int, reply: Reply, *, thread: int | None = None) -> None:
        """Send every message of a reply that has not arrived yet, to a topic if ``thread`` is its
        number. Raises what ``Channel.send`` says; SlowDown also for our own pace, before anything
        is sent."""
        chat = self.where(chat)
        rendered = render(reply, keyboard_open=chat in self._keyboards)
        messages = [replace(message, thread=thread) for message in rendered]
        done = self._done(chat, reply)
        if wait := self._pace.enter(chat, len(messages) - done):
            raise SlowDown(wait)
        for at, message in enumerate(messages[done:], start=done):
            self._arrived[chat, reply] = (at, self._clock())
            if pause := self._pace.queue():
                await asyncio.sleep(pause)
            try:
                await self._deliver(chat, message)
            except Undeliverable:
                self._arrived.pop((chat, reply), None)
                raise
        self._arrived.pop((chat, reply), None)
        self._note_keyboard(chat, reply, messages)

    def _done(self, chat: int, reply: Reply) -> int:
        """How many messages of this reply have arrived at an earlier try."""
        if not self._arrived:
            return 0
        now = self._clock()
        if now - next(iter(self._arrived.values()))[1] >= _RESUME:
            self._arrived = {
                key: value for key, value in self._arrived.items() if now - value[1] < _RESUME
            }
        return self._arrived.get((chat, reply), (0, now))[0]

    async def _deliver(self, chat: int, message: Outgoing) -> None:
        try:
            await self._post(chat, message)
        except Exception as problem:
            if (failure := of_delivery(problem)) is problem:
                raise
            raise failure from problem

    async def _post(self, chat: int, message: Outgoing) -> None:
        try:
            await self._put(chat, message)
        except ChatMigrated as moved:
            self._moved[chat] = moved.new_chat_id
            log.warning(
                "the group %s is %s now; please change telegram.staff_group and the desks' groups",
                chat,
                moved.new_chat_id,
            )
            await self._put(moved.new_chat_id, message)

    async def _put(self, chat: int, message: Outgoing) -> None:
        """python-telegram-bot's own methods would make objects of answers nobody reads."""
        given: dict[str, Any] = {"chat_id": chat}
        if message.markup is not None:
            given["reply_markup"] = message.markup
        if message.thread is not None:
            given["message_thread_id"] = message.thread
        if at := message.venue:
            where = {"latitude": at.latitude, "longitude": at.longitude}
            given |= where | {"title": at.title, "address": at.address or "南通"}
        else:
            given |= {"text": message.text, "link_preview_options": _NO_PREVIEW}
        method = "sendVenue" if message.venue else "sendMessage"
        call = cast(RequestData, Call(given))
        began = self._clock()
        await self._bot.request.post(f"{self._bot.base_url}/{method}", call)
        self._takes += _SHARE * (self._clock() - began - self._takes)

    def _note_keyboard(self, chat: int, reply: Reply, messages: list[Outgoing]) -> None:
        """Remember whose screen shows a share button, until a message takes it away."""
        if reply.share:
            self._keyboards.add(chat)
        elif any(one.markup is REMOVE for one in messages):
            self._keyboards.discard(chat)
