"""Tells Telegram who we are, what we can do, and where to bring updates."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import telegram
from telegram import BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram_errors import TokenRefused, in_words
from bot.channels.telegram_hook import Webhook
from bot.channels.telegram_patience import Timing, patiently

HEARD = ("message", "edited_message", "callback_query", "my_chat_member")
"""Kinds of updates we ask for; Telegram remembers the last wish, so we say it at each start."""
COMMANDS = {
    "start": "开始",
    "menu": "菜单",
    "benefits": "看我能享受哪些待遇",
    "nearby": "找附近的优待商户、医院、景区",
    "status": "查进度",
    "human": "找工作人员",
    "link": "关联微信、网页",
    "cancel": "取消",
    "help": "帮助",
    "forget": "删除我的信息",
}
_REFUSALS = 3
"""So many in a row at start-up, and the token is wrong; a single one may be a stray."""
_RECENT = 180.0
"""Seconds: older trouble with our webhook is over."""
log = logging.getLogger(__name__)


class Register:
    """The start of a bot, and the care for its webhook."""

    def __init__(
        self,
        bot: telegram.Bot,
        webhook: Webhook | None,
        *,
        timing: Timing,
        clock: Callable[[], float],
    ) -> None:
        """Without ``webhook`` the bot polls."""
        self.username: str | None = None
        """Known once Telegram has answered."""
        self.last_checked: float | None = None
        """When ``clock`` last saw our webhook in order."""
        self._bot, self._webhook = bot, webhook
        self._timing, self._clock = timing, clock
        self._refusals = 0

    async def begin(self) -> None:
        """Say who we are and choose the way in. Raises TokenRefused if Telegram never knew the
        token; other trouble is waited for."""
        secret = self._bot.token
        await patiently(self._introduce, secret=secret, timing=self._timing)
        await self._offer_commands()
        await patiently(self._choose, secret=secret, timing=self._timing)

    async def watch(self) -> None:
        """Look after the webhook until cancelled."""
        while True:
            await asyncio.sleep(self._timing.check)
            try:
                await self._check()
            except Exception as problem:
                log.warning("%s", in_words(problem, secret=self._bot.token))

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

    async def _choose(self) -> None:
        """What waits at Telegram is never dropped: people wrote it while we were away."""
        if self._webhook is None:
            await self._bot.delete_webhook()
            return
        await self._bot.set_webhook(
            self._webhook.url, secret_token=self._webhook.secret, allowed_updates=HEARD
        )
        self.last_checked = self._clock()
        log.info("Telegram brings updates to %s", self._webhook.url)

    async def _check(self) -> None:
        if self._webhook is None:
            return
        info = await self._bot.get_webhook_info()
        if info.url != self._webhook.url:
            log.warning(
                "somebody else with our token changed the webhook to %r; we set ours again",
                info.url,
            )
            await self._choose()
            return
        self.last_checked = self._clock()
        if info.last_error_date and time.time() - info.last_error_date.timestamp() < _RECENT:
            log.warning(
                "Telegram cannot deliver to %s (%s; %s updates wait): check the reverse proxy, the "
                "certificate, and that /telegram reaches this service",
                info.url,
                info.last_error_message,
                info.pending_update_count,
            )
