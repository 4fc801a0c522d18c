"""Telegram, through python-telegram-bot's client and types: long polling in, plain messages out.

Only this module and its siblings ``telegram_*`` know python-telegram-bot.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import telegram
from telegram import BotCommand, BotCommandScopeAllPrivateChats, LinkPreviewOptions
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.base import Limits, Receive, SlowDown, Undeliverable
from bot.channels.telegram_errors import TokenRefused, of_delivery
from bot.channels.telegram_pace import Pace
from bot.channels.telegram_poll import Poison, Poller, Timing, patiently
from bot.channels.telegram_read import NAME, read, read_blocking
from bot.channels.telegram_render import DATA_BYTES, LONGEST, Outgoing, render
from handlers.messages import Contact, Reply

LIMITS = Limits(text=LONGEST, choices=100, choice_bytes=DATA_BYTES)
COMMANDS = {
    "start": "开始",
    "help": "帮助",
    "cancel": "取消",
    "status": "查进度",
    "human": "找工作人员",
    "forget": "删除我的信息",
}
_HEARD = ("message", "callback_query", "my_chat_member")
_REFUSALS = 3
"""So many in a row at start-up, and the token is wrong; a single one may be a stray."""
_RESUME = 120.0
"""Seconds for which we remember how much of a reply has arrived."""
_FAREWELL = 15.0
"""Seconds that messages on their way out get when we stop."""
log = logging.getLogger(__name__)


class Telegram:
    """The bot of one token. Satisfies ``Channel``."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = "https://api.telegram.org/bot",
        staff_group: int | None = None,
        blocked: Callable[[Contact, bool], Awaitable[None]] | None = None,
        request: BaseRequest | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``blocked`` hears of people who block (True) or unblock us; ``request`` replaces the
        HTTP client; ``clock`` counts seconds."""
        # python-telegram-bot's future way of giving durations; the old one warns at each 429.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.name = NAME
        self.limits = LIMITS
        self.username: str | None = None
        """Known once Telegram has answered."""
        self.timing = timing or Timing()
        self._clock = clock
        self._staff_group, self._blocked = staff_group, blocked
        self._request = request or _client(16)
        self._poll_request = request or _client(4)
        self._bot = telegram.Bot(
            token, base_url, request=self._request, get_updates_request=self._poll_request
        )
        self._receive: Receive | None = None
        self._poller = Poller(
            self._fetch, self._take, secret=token, timing=self.timing, clock=clock
        )
        self._pace = Pace(clock)
        self._arrived: dict[tuple[int, Reply], tuple[int, float]] = {}
        self._keyboards: set[int] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._refusals = 0

    @property
    def last_fetched(self) -> float | None:
        """When ``clock`` last saw Telegram answer our poll; None before the first time."""
        return self._poller.last_fetched

    @property
    def poison(self) -> deque[Poison]:
        """The latest updates that could not be dealt with and were passed over."""
        return self._poller.poison

    def fetching(self) -> bool:
        """Whether updates come in at this moment."""
        return self.healthy(self._clock())

    def healthy(self, now: float) -> bool:
        """Whether updates come in; ``now`` is a moment of ``clock``."""
        return self.last_fetched is not None and now - self.last_fetched < self.timing.stale

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled. Raises TokenRefused if Telegram never knew the token."""
        self._receive = receive
        try:
            await self._open()
            await patiently(self._introduce, secret=self._bot.token, timing=self.timing)
            await self._offer_commands()
            await self._poller.run()
        finally:
            await self.close()

    async def send(self, address: str, reply: Reply) -> None:
        """Deliver one reply; ``address`` is the number of a chat.

        Raises Undeliverable, SlowDown (also for our own pace), Uncertain, ValueError for a reply
        Telegram has no form for, and telegram.error.TelegramError for trouble that passes. A
        reply of several messages goes on where it stopped when it is sent again soon.
        """
        await self._finish(self._send(int(address), reply))

    async def close(self) -> None:
        """Let what is on its way out arrive, then hang up."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=_FAREWELL)
        await self._request.shutdown()
        await self._poll_request.shutdown()

    async def _send(self, chat: int, reply: Reply) -> None:
        messages = render(reply, keyboard_open=chat in self._keyboards)
        done = self._done(chat, reply)
        if wait := self._pace.enter(chat, len(messages) - done):
            raise SlowDown(wait)
        await self._open()
        for at, message in enumerate(messages[done:], start=done):
            self._arrived[chat, reply] = (at, self._clock())
            await asyncio.sleep(self._pace.queue())
            try:
                await self._deliver(chat, message)
            except Undeliverable:
                self._arrived.pop((chat, reply), None)
                raise
        self._arrived.pop((chat, reply), None)
        self._note_keyboard(chat, reply, messages)

    def _done(self, chat: int, reply: Reply) -> int:
        """How many messages of this reply have arrived at an earlier try."""
        now = self._clock()
        self._arrived = {
            key: value for key, value in self._arrived.items() if now - value[1] < _RESUME
        }
        return self._arrived.get((chat, reply), (0, now))[0]

    async def _deliver(self, chat: int, message: Outgoing) -> None:
        try:
            if at := message.venue:
                where = (at.latitude, at.longitude, at.title, at.address or "南通")
                await self._bot.send_venue(chat, *where, reply_markup=message.markup)
                return
            await self._bot.send_message(
                chat,
                message.text,
                reply_markup=message.markup,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except Exception as problem:
            if (failure := of_delivery(problem)) is problem:
                raise
            raise failure from problem

    def _note_keyboard(self, chat: int, reply: Reply, messages: list[Outgoing]) -> None:
        """Remember whose screen shows a share button, until a message takes it away."""
        if reply.share:
            self._keyboards.add(chat)
        elif any(isinstance(one.markup, telegram.ReplyKeyboardRemove) for one in messages):
            self._keyboards.discard(chat)

    async def _fetch(self, offset: int) -> list[Any]:
        """Updates as JSON: python-telegram-bot would lose all of them for one it cannot read."""
        query = {
            "offset": offset,
            "timeout": int(self.timing.poll),
            "allowed_updates": json.dumps(_HEARD),
        }
        updates = await self._poll_request.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}",
            read_timeout=self.timing.poll + self.timing.slack,
        )
        if not isinstance(updates, list):
            raise TelegramError(f"getUpdates answered {updates!r}")
        return updates

    async def _take(self, raw: telegram.Update) -> None:
        """Deal with an update; returns once it is committed."""
        if raw.callback_query is not None:
            self._spawn(self._stop_spinner(raw.callback_query.id))
        if (change := read_blocking(raw)) and self._blocked is not None:
            await self._blocked(*change)
        update = read(raw, self._staff_group)
        if update is not None and self._receive is not None:
            await self._receive(update)

    async def _stop_spinner(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as problem:  # too old, or answered before: the spinner is gone
            log.debug("callback query not answered: %s", problem)

    async def _introduce(self) -> None:
        try:
            me = await self._bot.get_me()
        except InvalidToken:
            self._refusals += 1
            if self._refusals >= _REFUSALS:
                raise TokenRefused from None
            raise
        except Exception:
            self._refusals = 0
            raise
        self.username = me.username
        log.info("Telegram: we are @%s", me.username)

    async def _offer_commands(self) -> None:
        commands = [BotCommand(name, words) for name, words in COMMANDS.items()]
        try:
            await self._bot.set_my_commands(commands, scope=BotCommandScopeAllPrivateChats())
        except TelegramError as problem:
            log.warning("Telegram did not take the list of commands: %s", problem)

    async def _open(self) -> None:
        await self._request.initialize()
        await self._poll_request.initialize()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        return task

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work to its end even if the caller is cancelled."""
        await asyncio.shield(self._spawn(work))


def _client(connections: int) -> HTTPXRequest:
    """A send is over, one way or the other, before the courier's lease of 60 s ends."""
    return HTTPXRequest(
        connections, connect_timeout=5, write_timeout=10, read_timeout=15, pool_timeout=10
    )
