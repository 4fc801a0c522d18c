"""Files people send on Telegram: which they are, and fetching them with a limit.

https://core.telegram.org/bots/api#getfile – Telegram itself gives out nothing above 20 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import telegram
from telegram.error import BadRequest
from telegram.request import BaseRequest, RequestData

from bot.channels.files import LARGEST
from bot.channels.speech import LONGEST
from bot.channels.telegram_request import Call

_SECONDS = 30.0
"""For one file; its chat's other messages wait for it."""


@dataclass(frozen=True)
class Sent:
    """A file as Telegram describes it."""

    id: str
    name: str
    size: int
    """Bytes; 0 when Telegram does not say."""


def attached(message: telegram.Message) -> Sent | None:
    """The photo or paper of a message; None for everything else."""
    if message.photo:
        largest = next(
            (one for one in reversed(message.photo) if (one.file_size or 0) <= LARGEST),
            message.photo[0],
        )
        return Sent(largest.file_id, "照片.jpg", largest.file_size or 0)
    if message.document and not message.animation:
        name = message.document.file_name or "文件"
        return Sent(message.document.file_id, name, message.document.file_size or 0)
    return None


def voice_of(message: telegram.Message) -> Sent | None:
    """A voice message that is not too long to listen to."""
    voice = message.voice
    if voice is None or int(_seconds(voice)) > LONGEST:
        return None
    return Sent(voice.file_id, "voice.ogg", voice.file_size or 0)


class Files:
    """Fetches files of one bot."""

    def __init__(self, bot: telegram.Bot, request: BaseRequest, base_url: str) -> None:
        """``base_url`` is where files lie: ``https://api.telegram.org/file/bot``."""
        self._bot, self._request, self._base = bot, request, base_url

    async def fetch(self, sent: Sent) -> bytes | None:
        """The bytes; None for what is too large or gone. Raises TelegramError for trouble that
        passes: the update comes again."""
        if sent.size > LARGEST:
            return None
        try:
            call = cast(RequestData, Call({"file_id": sent.id}))
            found: Any = await self._bot.request.post(f"{self._bot.base_url}/getFile", call)
            url = f"{self._base}{self._bot.token}/{found['file_path']}"
            data = await self._request.retrieve(url, read_timeout=_SECONDS)
        except (BadRequest, KeyError):
            return None
        return data if len(data) <= LARGEST else None


def _seconds(voice: telegram.Voice) -> float:
    """python-telegram-bot is on its way from numbers to durations."""
    length = voice.duration
    return length if isinstance(length, int | float) else length.total_seconds()
