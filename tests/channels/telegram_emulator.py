"""A Telegram Bot API server on 127.0.0.1 for one bot, with people who use it.

Behaviour follows the official server (https://github.com/tdlib/telegram-bot-api): texts of errors,
rules of getUpdates. It keeps everything in memory. Whatever ``Official`` objects to is collected
in ``objections``; the fixture fails a test that leaves any.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from aiohttp import web

from tests.channels.telegram_deliverer import Deliverer
from tests.channels.telegram_faults import (
    PHRASES,
    Fault,
    Kind,
    Refused,
    as_answer,
    check_buttons,
    go_wrong,
)
from tests.channels.telegram_forum import Forum
from tests.channels.telegram_inbox import Inbox
from tests.channels.telegram_official import Official
from tests.channels.telegram_people import BOT, Person

Json = dict[str, Any]
TOKEN = "123456:the-token-of-nobody"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)


class Emulator:
    """The server. Chats exist once somebody asked for them with ``person`` or ``group``."""

    def __init__(self, official: Official) -> None:
        self.objections: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self.messages: list[Json] = []
        self.inbox = Inbox()
        self.pending = self.inbox.pending
        self.hook = Deliverer(self.pending)
        self.files: dict[str, bytes] = {}
        """What people sent, by file_id."""
        self.chats: dict[int, Json] = {}
        self.forum = Forum(self)
        self.refusing: dict[int, Refused] = {}
        """Chats that cannot be written to, and why."""
        self.strict = True
        """Refuse more than a burst of 3, then one a second, to one private chat."""
        self._official = official
        self._faults: list[Fault] = []
        self._message_ids = count(1)
        self._full_at: dict[int, float] = {}
        self._open_queries: set[str] = set()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/bot"

    async def stop(self) -> None:
        await self.hook.stop()
        await self._runner.cleanup()

    def person(self, id: int) -> Person:
        """Somebody with a private chat with the bot."""
        self.chats.setdefault(id, {"id": id, "type": "private", "first_name": f"第{id}位"})
        return Person(self, id)

    def group(self, id: int) -> int:
        """A group the bot is in; ``id`` is negative."""
        self.chats[id] = {"id": id, "type": "supergroup", "title": "工作群"}
        return id

    def forum_group(self, id: int) -> int:
        """A group with topics, in which the bot may manage them."""
        self.group(id)
        self.chats[id]["is_forum"] = True
        return id

    def push(self, update: Json, *, sound: bool = True) -> int:
        """Queue an update; ``sound=False`` for one that is meant to be malformed."""
        kind, update = self.inbox.push(update)
        if sound:
            self.objections += self._official.objections_to_update(update)
        if kind == "callback_query":
            self._open_queries.add(update[kind]["id"])
        if update["update_id"] in self.pending:
            self.hook.add(int(update["update_id"]), update)
        return int(update["update_id"])

    def refuse(self, chat: int, code: int, description: str, **parameters: int) -> None:
        """Messages to a chat are refused from now on."""
        self.refusing[chat] = Refused(code, description, **parameters)

    def breaks(
        self,
        method: str,
        kind: Kind = "status",
        *,
        skip: int = 0,
        times: int = 1,
        status: int = 500,
        description: str = "",
        **parameters: int,
    ) -> None:
        """After ``skip`` calls of ``method``, ``times`` go wrong; ``parameters`` like retry_after=7."""
        words = description or PHRASES.get(status, "Too Many Requests")
        self._faults.append(Fault(method, kind, skip, times, Refused(status, words, **parameters)))

    def message(self, chat: int, content: Json) -> Json:
        """A message in a chat, with its number and moment."""
        return {
            "message_id": next(self._message_ids),
            "date": int(time.time()),
            "chat": self.chats[chat],
            **content,
        }

    def sent_to(self, chat: int) -> list[Json]:
        """The bot's messages in a chat, oldest first."""
        return [one for one in self.messages if one["chat"]["id"] == chat]

    def called(self, method: str) -> list[Json]:
        """Parameters of each call of ``method``."""
        return [given for name, given in self.calls if name == method]

    async def until(self, come_true: Callable[[], Any], seconds: float = 5.0) -> None:
        """Wait until something holds, here or in what the test watches besides."""
        async with asyncio.timeout(seconds):
            while not come_true():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def wait_for(self, chat: int, text: str, seconds: float = 5.0) -> Json:
        """The first message of the bot in a chat that contains ``text``."""

        def found() -> Json | None:
            return next((one for one in self.sent_to(chat) if text in one.get("text", "")), None)

        try:
            await self.until(found, seconds)
        except TimeoutError:
            said = [one.get("text") for one in self.sent_to(chat)]
            raise AssertionError(f"{text!r} was not said to {chat}, only {said}") from None
        return found() or {}

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = await _given(request)
        self.calls.append((method, given))
        fault = self._fault(method)
        try:
            if request.match_info["token"] != TOKEN:
                raise Refused(401, "Unauthorized")
            if fault and fault.kind == "status":
                raise fault.refusal
            if fault and fault.kind != "lost answer":
                return await go_wrong(request, fault.kind)
            answer = await self._answer(method, given)
            if fault:
                return await go_wrong(request, fault.kind)
        except Refused as refusal:
            return as_answer(refusal)
        return web.json_response({"ok": True, "result": answer})

    def _fault(self, method: str) -> Fault | None:
        fault = next((one for one in self._faults if one.method == method), None)
        if fault is None:
            return None
        if fault.skip:
            fault.skip -= 1
            return None
        fault.times -= 1
        if not fault.times:
            self._faults.remove(fault)
        return fault

    async def _answer(self, method: str, given: Json) -> Any:
        self.objections += self._official.objections_to_request(method, given)
        match method:
            case "getMe":
                answer: Any = BOT
            case "setWebhook" | "deleteWebhook" | "getWebhookInfo":
                answer = self._webhook(method, given)
            case "getUpdates":
                if self.hook.url:
                    raise Refused(409, WEBHOOK_ACTIVE)
                answer = await self.inbox.get_updates(given)
            case "sendMessage":
                answer = self._send_message(given)
            case "sendVenue":
                answer = self._send_venue(given)
            case "getFile":
                answer = self._get_file(given)
            case "answerCallbackQuery":
                answer = self._answer_query(given)
            case "setMyCommands":
                answer = True
            case _:
                answer = self.forum.answer(method, given)
        self.objections += self._official.objections_to_answer(method, answer)
        return answer

    def _get_file(self, given: Json) -> Json:
        id = given["file_id"]
        if id not in self.files:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(self.files[id]) > 20 * 1024 * 1024:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": id, "file_unique_id": f"u{id}", "file_path": f"documents/{id}"}

    async def _download(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return web.Response(status=404)
        fault = self._fault("download")
        if fault and request.transport:
            request.transport.abort()
        return web.Response(body=self.files[request.match_info["path"].rpartition("/")[2]])

    def _webhook(self, method: str, given: Json) -> Any:
        if given.get("drop_pending_updates"):
            self.objections.append(f"{method}: what people wrote must not be dropped")
        if method == "getWebhookInfo":
            return self.hook.info()
        self.inbox.allow(given)
        self.inbox.interrupt("Conflict: terminated by setWebhook request")
        self.hook.set(given.get("url", ""), given.get("secret_token", ""))
        return True

    def _send_message(self, given: Json) -> Json:
        chat, text = int(given["chat_id"]), str(given["text"])
        if chat in self.refusing:
            raise self.refusing[chat]
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            raise Refused(400, "Bad Request: message is too long")
        topic = self.forum.place(chat, given)
        self._check_flood(chat)
        markup = given.get("reply_markup") or {}
        check_buttons(markup)
        message = self.message(chat, {"from": BOT, "text": text, **topic})
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup
        self.messages.append(message)
        return message

    def _send_venue(self, given: Json) -> Json:
        location = {key: float(given[key]) for key in ("latitude", "longitude")}
        venue = {"location": location, "title": given["title"], "address": given["address"]}
        message = self.message(int(given["chat_id"]), {"from": BOT, "venue": venue})
        self.messages.append(message)
        return message

    def _check_flood(self, chat: int) -> None:
        now = time.monotonic()
        full_at = max(self._full_at.get(chat, now), now) + 1
        if self.strict and chat > 0 and full_at - now > 3:
            raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
        self._full_at[chat] = full_at

    def _answer_query(self, given: Json) -> bool:
        if given["callback_query_id"] not in self._open_queries:
            raise Refused(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        self._open_queries.remove(given["callback_query_id"])
        return True


async def _given(request: web.Request) -> Json:
    """Parameters come in the address, as a form, or as JSON."""
    if request.content_type == "application/json":
        return _read(request.query) | dict(await request.json())
    return _read({**request.query, **await request.post()})


def _read(given: Mapping[str, Any]) -> Json:
    """Parameters of a form: objects and lists come as JSON."""
    return {
        name: json.loads(value)
        if name not in ("text", "name") and value[:1] in ("[", "{")
        else value
        for name, value in given.items()
    }
