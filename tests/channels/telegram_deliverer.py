"""How the Bot API server brings updates to a webhook: https://github.com/tdlib/telegram-bot-api.

One queue a chat (button presses: a person); the next update of a queue only after a 2xx, the same
one again until then. Waits are a hundredth of the real ones.
"""

from __future__ import annotations

import asyncio
import io
import json
import time
from typing import Any

import aiohttp

Json = dict[str, Any]
_SECRET = "X-Telegram-Bot-Api-Secret-Token"


class Deliverer:
    """Posts what is ``pending`` until it is taken."""

    def __init__(self, pending: dict[int, Json]) -> None:
        self.pending = pending
        self.url, self.secret = "", ""
        self.answers: list[int] = []
        """Statuses we got; 0 for nobody there."""
        self.error: tuple[int, str] | None = None
        self._queues: dict[tuple[str, int], list[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def set(self, url: str, secret: str) -> None:
        """Deliver to ``url`` from now on, what waits first; nothing for an empty one."""
        self.url, self.secret = url, secret
        for id, update in sorted(self.pending.items()):
            self.add(id, update)

    def info(self) -> Json:
        found = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if self.error:
            found |= {"last_error_date": self.error[0], "last_error_message": self.error[1]}
        return found

    def add(self, id: int, update: Json) -> None:
        if not self.url:
            return
        key = _queue(update)
        if key not in self._queues:
            self._queues[key] = []
            task = asyncio.create_task(self._work(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if id not in self._queues[key]:
            self._queues[key].append(id)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def post(self, body: bytes, secret: str | None) -> tuple[int, dict[str, str]]:
        """Post once, as anybody could."""
        self._session = self._session or aiohttp.ClientSession()
        headers = {"Content-Type": "application/json"} | ({_SECRET: secret} if secret else {})
        async with self._session.post(self.url, data=io.BytesIO(body), headers=headers) as response:
            return response.status, dict(response.headers)

    async def _work(self, key: tuple[str, int]) -> None:
        queue, wait = self._queues[key], 0.02
        while queue and self.url:
            id = queue[0]
            status = await self._try(self.pending[id])
            self.answers.append(status)
            if 200 <= status < 300:
                queue.pop(0)
                self.pending.pop(id, None)
                wait = 0.02
                continue
            self.error = (int(time.time()), f"Wrong response from the webhook: {status}")
            await asyncio.sleep(wait)
            wait = min(2 * wait, 0.6)
        del self._queues[key]

    async def _try(self, update: Json) -> int:
        body = json.dumps(update).encode()
        try:
            return (await self.post(body, self.secret))[0]
        except aiohttp.ClientError:
            return 0


def _queue(update: Json) -> tuple[str, int]:
    kind = next(name for name in update if name != "update_id")
    if kind == "callback_query":
        return kind, update[kind]["from"]["id"]
    return "chat", update[kind].get("chat", {}).get("id", 0)
