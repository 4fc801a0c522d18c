"""Photos people send in WeChat: fetched by their number and handed to the desk."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import aiohttp

from bot.channels.base import Receive
from bot.channels.files import LARGEST, Attachments, File
from bot.channels.wechat_api import Api, Garbled, WechatError
from handlers.messages import Update

_NAME = "微信照片.jpg"
_LOST = "没有传完的图片"
log = logging.getLogger(__name__)


class Photos:
    """Fetches photos through the account's interface and keeps them with the person's request."""

    def __init__(self, api: Api, attachments: Attachments, receive: Receive) -> None:
        self._api, self._attachments, self._receive = api, attachments, receive

    async def keep(self, media: str, update: Update) -> None:
        """Fetch and hand over what ``update`` announced; the person is told what became of it.

        WeChat keeps a photo for three days, so one that is not given out now may be sent again.
        """
        try:
            data = await self._api.fetch(media, LARGEST)
        except (WechatError, Garbled, aiohttp.ClientError, TimeoutError) as problem:
            log.warning("a photo was not fetched: %s %s", type(problem).__name__, problem)
            await self._receive(replace(update, unsupported=_LOST))
            return
        file = File(update.id, update.contact, _NAME, data)
        await asyncio.to_thread(self._attachments.receive, file)
