"""What runs beside the web application for as long as the process lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from bot import watchdog
from bot.channels.base import Channel
from bot.db import news
from bot.db.tables import now
from bot.desk import alarms, learning, watch

if TYPE_CHECKING:
    from bot.app import App
    from bot.channels.telegram import Telegram

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: App, _web: Starlette) -> AsyncIterator[None]:
    await asyncio.to_thread(app.rooms.begin)
    bell = alarms.Bell(app.desk.staff_group, app.desk.title)
    tasks = [
        asyncio.create_task(app.courier.run(), name="courier"),
        asyncio.create_task(watch.keep(app.engine, now, bell, app.courier.wake), name="watch"),
        asyncio.create_task(app.places.run(), name="places"),
        asyncio.create_task(app.switches.run(), name="switches"),
        asyncio.create_task(
            learning.keep(app.engine, now, lambda: app.knowledge.library.index),
            name="learning",
        ),
    ]
    tasks.append(asyncio.create_task(news.listen(app.engine, app.courier.wake), name="news"))
    tasks += [
        asyncio.create_task(_run(app, channel), name=channel.name)
        for channel in app.channels.values()
    ]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(app: App, channel: Channel) -> None:
    """Let a channel receive. Of all processes one polls Telegram; a webhook reaches any."""
    if app.telegram is None or channel is not app.telegram or app.settings.telegram.webhook:
        await channel.run(app.receive)
    else:
        await app.polling.run(partial(_poll, app, app.telegram))


async def _poll(app: App, telegram: Telegram) -> None:
    together = [telegram.run(app.receive)]
    if limit := app.settings.telegram.exit_after_seconds:
        alone = not (app.settings.web.chat or app.wechat)
        together.append(watchdog.keep_watch(telegram, limit, partial(_give_up, app), alone=alone))
    await asyncio.gather(*together)


def _give_up(app: App) -> None:
    app.gave_up = True
    watchdog.end_anyway()
    app.stop()


def _report(task: asyncio.Task[None]) -> None:
    """A loop that ends by itself must not end unnoticed."""
    if not task.cancelled() and (problem := task.exception()):
        log.error("%s stopped: %s", task.get_name(), problem, exc_info=problem)
