"""Telegram, through python-telegram-bot's types: long polling or a webhook in, plain messages out.

Only this module and its siblings ``telegram_*`` know python-telegram-bot.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any
from urllib.parse import urlencode

import telegram
from starlette.routing import BaseRoute
from telegram.error import TelegramError
from telegram.request import BaseRequest

from bot.channels.base import Limits, Receive
from bot.channels.files import Attachments
from bot.channels.speech import Transcriber
from bot.channels.staffroom import Hear, Rooms
from bot.channels.telegram_files import Files
from bot.channels.telegram_hook import Hook, Webhook
from bot.channels.telegram_intake import Blocked, Intake
from bot.channels.telegram_pace import PER_SECOND
from bot.channels.telegram_patience import Timing
from bot.channels.telegram_poll import Poller
from bot.channels.telegram_public import for_group
from bot.channels.telegram_quarantine import Keep, Poison, Quarantine
from bot.channels.telegram_read import NAME
from bot.channels.telegram_register import HEARD, Register
from bot.channels.telegram_render import DATA_BYTES, LONGEST
from bot.channels.telegram_request import AiohttpRequest
from bot.channels.telegram_send import Sender
from bot.channels.telegram_staff import StaffSide
from handlers.messages import Reply

LIMITS = Limits(text=LONGEST, choices=100, choice_bytes=DATA_BYTES)
_FAREWELL = 15.0
"""Seconds that messages on their way out get when we stop."""


class Telegram:
    """The bot of one token. Satisfies ``Channel``."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = "https://api.telegram.org/bot",
        webhook: Webhook | None = None,
        proxy: str | None = None,
        per_second: float = PER_SECOND,
        hear: Hear | None = None,
        staff_groups: Callable[[], Awaitable[Collection[int]]] | None = None,
        blocked: Blocked | None = None,
        keep: Keep | None = None,
        attachments: Attachments | None = None,
        transcriber: Transcriber | None = None,
        wake: Callable[[], None] = lambda: None,
        request: BaseRequest | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without ``webhook`` we poll. ``hear`` takes what is done in groups, ``staff_groups`` says
        which are staff's; ``blocked`` hears of
        people who block (True) or unblock us; ``keep`` stores updates that could not be dealt
        with, ``attachments`` files for requests; ``transcriber`` listens to voice messages;
        ``wake`` sets the courier going; ``request`` replaces the HTTP client; ``clock`` counts
        seconds."""
        # python-telegram-bot's future way of giving durations; the old one warns at each 429.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.name = NAME
        self.limits = LIMITS
        self.timing = timing or Timing()
        self._clock, self._webhook, self._proxy = clock, webhook, proxy
        self._request = request or AiohttpRequest(32, proxy=proxy)
        self._poll_request = request or AiohttpRequest(4, proxy=proxy)
        self._bot = telegram.Bot(
            token, base_url, request=self._request, get_updates_request=self._poll_request
        )
        self._busy: set[asyncio.Task[None]] = set()
        self._register = Register(self._bot, webhook, timing=self.timing, clock=clock)
        self._intake = Intake(
            self._bot,
            self._spawn,
            register=self._register,
            hear=hear,
            staff_groups=staff_groups,
            blocked=blocked,
            files=Files(self._bot, self._request, base_url.removesuffix("bot") + "file/bot"),
            attachments=attachments,
            transcriber=transcriber,
            wake=wake,
        )
        self._quarantine = Quarantine(keep, timing=self.timing, clock=clock)
        self._poller = Poller(
            self._fetch,
            self._intake.take,
            self._quarantine,
            secret=token,
            timing=self.timing,
            clock=clock,
        )
        self._sender = Sender(self._bot, clock, per_second)

    @property
    def username(self) -> str | None:
        """Known once Telegram has answered."""
        return self._register.username

    @property
    def lanes(self) -> int:
        """Replies on their way at a time that our pace can use."""
        return self._sender.lanes

    @property
    def last_fetched(self) -> float | None:
        """When ``clock`` last saw Telegram answer our poll, or our webhook in order; None before
        the first time."""
        return self._register.last_checked if self._webhook else self._poller.last_fetched

    @property
    def last_heard(self) -> float | None:
        """When ``clock`` last saw Telegram answer our poll, be it with an error."""
        return self._poller.last_heard

    async def reachable(self) -> bool:
        """Whether Telegram answers us on a new connection."""
        async with AiohttpRequest(1, read=5.0, pool=5.0, proxy=self._proxy) as request:
            try:
                await request.post(f"{self._bot.base_url}/getMe")
            except TelegramError:
                return False
        return True

    @property
    def poison(self) -> deque[Poison]:
        """The latest updates that could not be dealt with and were passed over."""
        return self._quarantine.recent

    def fetching(self) -> bool:
        """Whether updates come in at this moment."""
        return self.healthy(self._clock())

    def healthy(self, now: float) -> bool:
        """Whether updates come in; ``now`` is a moment of ``clock``."""
        patience = self.timing.stale + (self.timing.check if self._webhook else 0)
        return self.last_fetched is not None and now - self.last_fetched < patience

    def routes(self) -> list[BaseRoute]:
        """The webhook's endpoint; nothing when we poll."""
        if self._webhook is None:
            return []
        secret = self._webhook.secret
        hook = Hook(self._intake.take, self._quarantine, secret=secret, clock=self._clock)
        return hook.routes()

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled. Raises TokenRefused if Telegram never knew the token."""
        self._intake.receive = receive
        try:
            await self._open()
            await self._register.begin()
            if self._webhook:
                await self._register.watch()
            else:
                await self._poller.run()
        finally:
            await self.close()

    async def send(self, address: str, reply: Reply) -> None:
        """Deliver one reply; ``address`` is the number of a chat.

        Raises Undeliverable, SlowDown (also for our own pace), Uncertain, ValueError for a reply
        Telegram has no form for, and telegram.error.TelegramError for trouble that passes. A
        reply of several messages goes on where it stopped when it is sent again soon.
        """
        chat = int(address)
        shown = for_group(reply, self.username) if chat < 0 else reply
        await self._carry(self._sender.send(chat, shown))

    def staff_side(self, rooms: Rooms) -> StaffSide:
        """The channel to the groups of staff: the same bot, at the same pace."""
        return StaffSide(self._bot, self._sender, self._carry, rooms)

    async def close(self) -> None:
        """Let what is on its way out arrive, then hang up."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=_FAREWELL)
        await self._request.shutdown()
        await self._poll_request.shutdown()

    async def _fetch(self, offset: int) -> list[Any]:
        """Updates as JSON: python-telegram-bot would lose all of them for one it cannot read."""
        query = {
            "offset": offset,
            "timeout": int(self.timing.poll),
            "allowed_updates": json.dumps(HEARD),
        }
        updates = await self._poll_request.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}",
            read_timeout=self.timing.poll + self.timing.slack,
        )
        if not isinstance(updates, list):
            raise TelegramError(f"getUpdates answered {updates!r}")
        return updates

    async def _open(self) -> None:
        await self._request.initialize()
        await self._poll_request.initialize()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        return task

    async def _carry(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work to its end even if the caller is cancelled."""
        await self._open()
        await asyncio.shield(self._spawn(work))
