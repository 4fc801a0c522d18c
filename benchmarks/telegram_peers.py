"""Bots that only echo, as their libraries' own examples write them: what ours is held against.

``python -m benchmarks.telegram_peers NAME API_PORT HOOK_PORT``; prints ``up`` when it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from benchmarks.telegram_load import SECRET

TOKEN = "123456:the-token-of-nobody"  # noqa: S105
_HEADER = "x-telegram-bot-api-secret-token"


async def ptb(api_port: int, hook_port: int, *, at_once: bool | int = False) -> None:
    """python-telegram-bot with its default client behind uvicorn – its ``customwebhookbot`` example:
    one update after the other, or ``at_once`` so many (True: as many as it allows, 256)."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        await update.message.reply_text(update.message.text or "")

    builder = Application.builder().token(TOKEN).updater(None).concurrent_updates(at_once)
    builder = builder.pool_timeout(60)  # the default, 1 s, would lose answers
    bot = builder.base_url(f"http://127.0.0.1:{api_port}/bot").build()
    bot.add_handler(MessageHandler(filters.TEXT, echo))

    async def hear(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(_HEADER, ""), SECRET):
            return Response(status_code=403)
        await bot.update_queue.put(Update.de_json(await request.json(), bot.bot))
        return Response()

    web = Starlette(routes=[Route("/telegram", hear, methods=["POST"])])
    config = uvicorn.Config(
        web, host="127.0.0.1", port=hook_port, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    async with bot:
        await bot.start()
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        print("up", flush=True)
        await serving
        await bot.stop()


async def aiogram(api_port: int, hook_port: int) -> None:
    """aiogram behind its own webhook handler."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
    from aiohttp import web

    server = TelegramAPIServer.from_base(f"http://127.0.0.1:{api_port}")
    bot, dispatcher = Bot(TOKEN, session=AiohttpSession(api=server)), Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    application = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=SECRET).register(application, "/telegram")
    setup_application(application, dispatcher, bot=bot)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", hook_port).start()
    print("up", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        start: dict[str, Callable[[int, int], Coroutine[Any, Any, None]]] = {
            "ptb": ptb,
            "ptb-four": partial(ptb, at_once=4),
            "ptb-many": partial(ptb, at_once=True),
            "aiogram": aiogram,
        }
        asyncio.run(start[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3])))
