"""A Bot API that is all load: hands out texts, counts the answers, costs little itself.

One process beside the bot under test: ``python -m benchmarks.telegram_load API_PORT HOOK_PORT …``.
It speaks just enough HTTP/1.1 for one request at a time on a kept connection.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

FIRST_CHAT = 10_000
CHATS = 500
FIRST_UPDATE = 1000
_PATIENCE = 120.0
"""Seconds until what is not answered counts as lost."""
_AGAIN = 0.1
"""Seconds until an update that was refused – before the bot has set its webhook – comes again."""
SECRET = "benchmark-secret"  # noqa: S105
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding:\s*chunked", re.IGNORECASE)
_CHAT = re.compile(rb'chat_id(?:=|"\r\n\r\n|":\s*"?)(\d+)')
_ME = {"id": 123456, "is_bot": True, "first_name": "bench", "username": "bench_bot"}


class Wire(asyncio.Protocol):
    """Cuts a stream into HTTP messages: first line and body."""

    def __init__(self, hear: Callable[[Wire, bytes, bytes], None]) -> None:
        self._hear, self._buffer = hear, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (cut := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:cut]
            found = _LENGTH.search(head)
            end = cut + 4 + (int(found.group(1)) if found else 0)
            if _CHUNKED.search(head):
                if (last := self._buffer.find(b"0\r\n\r\n", cut)) < 0:
                    return
                end = last + 5
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[cut + 4 : end], self._buffer[end:]
            self._hear(self, head.partition(b"\r\n")[0], body)

    def answer(self, result: Any) -> None:
        body = json.dumps({"ok": True, "result": result}).encode()
        if not self.transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self.transport.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)


class Load:
    """``texts`` go to the bot as fast as it takes them; every answer is counted by its chat."""

    def __init__(self, texts: list[str], hook_port: int | None, connections: int) -> None:
        self.updates = [_update(at, text) for at, text in enumerate(texts)]
        self.answered: Counter[int] = Counter()
        self.refused = 0
        self.done = asyncio.Event()
        self._hook_port, self._connections = hook_port, connections
        self._secret = SECRET
        self._next = self._limit = 0
        self._polls: list[tuple[Wire, int]] = []
        self._idle: list[Wire] = []
        self._missing: dict[int, int] = {}
        self._posted_last: dict[Wire, int] = {}

    async def fire(self, limit: int) -> None:
        """Hand out everything up to ``limit``; over webhook on kept connections, one update each
        at a time. Returns when every chat has its answers."""
        self._limit = limit
        wanted = Counter(FIRST_CHAT + at % CHATS for at in range(limit))
        self._missing = {chat: n - self.answered[chat] for chat, n in wanted.items()}
        self._missing = {chat: n for chat, n in self._missing.items() if n > 0}
        self.done.clear()
        if self._hook_port is None:
            polls, self._polls = self._polls, []
            for wire, offset in polls:
                self._hand_out(wire, offset)
        else:
            await self._connect()
            while self._idle and self._next < self._limit:
                self._post(self._idle.pop())
        await self.done.wait()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while self._connections:
            self._connections -= 1
            made = await loop.create_connection(
                lambda: Wire(self._posted), "127.0.0.1", self._hook_port
            )
            self._idle.append(made[1])

    def hear(self, wire: Wire, first_line: bytes, body: bytes) -> None:
        """One call of the Bot API."""
        target = first_line.split(b" ")[1].decode()
        method = target.partition("?")[0].rpartition("/")[2]
        if method == "sendMessage":
            wire.answer(self._count(body))
            return
        given = parse_qs(target.partition("?")[2] + "&" + body.decode("latin1"))
        if method == "getUpdates":
            self._hand_out(wire, int(given.get("offset", ["0"])[0]))
            return
        if method == "setWebhook":
            self._secret = given.get("secret_token", [SECRET])[0]
        wire.answer(_ME if method == "getMe" else True)

    def _count(self, body: bytes) -> dict[str, Any]:
        found = _CHAT.search(body)
        chat = int(found.group(1)) if found else 0
        self.answered[chat] += 1
        if chat in self._missing:
            self._missing[chat] -= 1
            if not self._missing[chat]:
                del self._missing[chat]
        if not self._missing:
            self.done.set()
        return {
            "message_id": 1,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private", "first_name": "L"},
            "from": _ME,
            "text": "ok",
        }

    def _hand_out(self, wire: Wire, offset: int) -> None:
        """getUpdates: what is at and after the offset, or silence until there is something."""
        start = max(offset - FIRST_UPDATE, 0)
        if start < self._limit:
            wire.answer(self.updates[start : min(start + 100, self._limit)])
        else:
            self._polls.append((wire, offset))

    def _post(self, wire: Wire, at: int | None = None) -> None:
        """The next update, or again the one at ``at``."""
        if at is None:
            at, self._next = self._next, self._next + 1
        self._posted_last[wire] = at
        body = json.dumps(self.updates[at]).encode()
        head = (
            f"POST /telegram HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {self._secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        wire.transport.write(head.encode() + body)

    def _posted(self, wire: Wire, first_line: bytes, _body: bytes) -> None:
        if b" 200" not in first_line:  # Telegram, too, comes again
            self.refused += 1
            again = asyncio.get_running_loop().call_later
            again(_AGAIN, self._post, wire, self._posted_last[wire])
        elif self._next < self._limit:
            self._post(wire)
        else:
            self._idle.append(wire)


def _update(at: int, text: str) -> dict[str, Any]:
    chat = FIRST_CHAT + at % CHATS
    person = {"id": chat, "is_bot": False, "first_name": "L", "language_code": "zh-hans"}
    message = {
        "message_id": at + 1,
        "from": person,
        "chat": {"id": chat, "first_name": "L", "type": "private"},
        "date": 1_700_000_000,
        "text": text,
    }
    return {"update_id": FIRST_UPDATE + at, "message": message}


async def main() -> None:
    """Read the texts; then for every number on standard input hand out so many, and print a line
    of JSON when all are answered."""
    parser = argparse.ArgumentParser()
    parser.add_argument("api_port", type=int)
    parser.add_argument("--hook-port", type=int)
    parser.add_argument("--connections", type=int, default=40)
    given = parser.parse_args()
    load = Load(json.loads(sys.stdin.readline()), given.hook_port, given.connections)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Wire(load.hear), "127.0.0.1", given.api_port, backlog=1024)
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        began, before = time.monotonic(), sum(load.answered.values())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await load.fire(int(line))
        said = {
            "answered": sum(load.answered.values()) - before,
            "refused": load.refused,
            "seconds": time.monotonic() - began,
        }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
