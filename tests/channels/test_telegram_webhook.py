"""Updates that Telegram brings, over real HTTP: a real server, an emulated Bot API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels import telegram_hook
from bot.channels.telegram import Telegram
from bot.channels.telegram_hook import Hook, Webhook
from bot.channels.telegram_pace import Allowance
from bot.channels.telegram_patience import Timing
from bot.channels.telegram_quarantine import Quarantine
from tests.channels.conftest import Clock, Connect, Desk
from tests.channels.telegram_emulator import Emulator

SECRET = "the-word-nobody-else-knows"
Serving: TypeAlias = "Callable[..., AbstractAsyncContextManager[Telegram]]"


@pytest.fixture
def serving(connect: Connect, unused_tcp_port_factory: Callable[[], int]) -> Serving:
    """``async with serving(desk) as telegram:`` listens for Telegram meanwhile."""

    @contextlib.asynccontextmanager
    async def serve(
        desk: Desk, *, port: int = 0, registers: bool = True
    ) -> AsyncIterator[Telegram]:
        port = port or unused_tcp_port_factory()
        timing = Timing(first_wait=0.02, longest_wait=0.1, check=0.1)
        webhook = Webhook(f"http://127.0.0.1:{port}/telegram", SECRET)
        telegram = connect(webhook=webhook, timing=timing)
        config = uvicorn.Config(
            Starlette(routes=telegram.routes()),
            host="127.0.0.1",
            port=port,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        tasks = [asyncio.create_task(server._serve())]
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(telegram.run(desk.receive)))
        while registers and telegram.last_fetched is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        try:
            yield telegram
        finally:
            desk.open.set()
            server.should_exit = True
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return serve


async def test_an_update_is_brought_and_gone_only_after_it_was_taken(
    telegram_emulator: Emulator, serving: Serving, desk: Desk
) -> None:
    desk.open.clear()
    async with serving(desk) as telegram:
        id = telegram_emulator.person(7).says("优待证丢了")
        await desk.tries(1)
        await asyncio.sleep(0.05)
        assert list(telegram_emulator.pending) == [id]
        desk.open.set()
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
        assert telegram.fetching()
    assert [update.id for update in desk.received] == [str(id)]
    [wish] = telegram_emulator.called("setWebhook")
    assert wish["secret_token"] == SECRET
    assert "drop_pending_updates" not in wish
    assert "edited_message" in wish["allowed_updates"]


async def test_what_was_written_while_we_were_away_is_brought_later(
    telegram_emulator: Emulator, serving: Serving, desk: Desk
) -> None:
    telegram_emulator.person(7).says("还没开门")
    async with serving(desk):
        await desk.hears(1)
    assert telegram_emulator.hook.url  # a restart must not take the webhook away


async def test_what_could_not_be_taken_comes_again_and_holds_up_nobody_else(
    telegram_emulator: Emulator, serving: Serving, desk: Desk
) -> None:
    desk.refuses = lambda update: update.text == "王1" and desk.tried.count("王1") < 3
    async with serving(desk):
        telegram_emulator.person(7).says("王1")
        telegram_emulator.person(7).says("王2")
        telegram_emulator.person(8).says("李1")
        await desk.hears(3)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert desk.texts == ["李1", "王1", "王2"]
    assert 503 in telegram_emulator.hook.answers


async def test_an_unreadable_update_is_answered_kept_and_blocks_nobody(
    telegram_emulator: Emulator, serving: Serving, desk: Desk
) -> None:
    async with serving(desk) as telegram:
        wang = telegram_emulator.person(7)
        bad = {"message_id": "这不是消息", "chat": {"id": 7}}
        id = telegram_emulator.push({"message": bad}, sound=False)
        wang.says("后面的话")
        await desk.hears(1)
        assert [one.update_id for one in telegram.poison] == [id]
    assert not telegram_emulator.pending


async def test_an_update_that_always_fails_is_set_aside_once_others_go_well(
    telegram_emulator: Emulator, serving: Serving, desk: Desk
) -> None:
    desk.refuses = lambda update: update.text == "毒"
    async with serving(desk) as telegram:
        bad = telegram_emulator.person(7).says("毒")
        telegram_emulator.person(7).says("后面的话")
        for number in range(12):
            telegram_emulator.person(8).says(f"李{number}")
            await asyncio.sleep(0.05)
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
        assert [one.update_id for one in telegram.poison] == [bad]
    assert "后面的话" in desk.texts


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (b'{"update_id": 1}', None, 403),
        (b'{"update_id": 1}', "wrong", 403),
        (b'{"update_id": 1}', SECRET[:-1], 403),
        (b"x" * (telegram_hook.LARGEST + 1), "wrong", 403),
        (b"x" * (telegram_hook.LARGEST + 1), SECRET, 413),
        (b"<html>", SECRET, 400),
        (b"[]", SECRET, 400),
        (b"[" * 100_000, SECRET, 400),
        (b'{"update_id": "1; DROP"}', SECRET, 400),
        (b'{"update_id": 1}', SECRET, 200),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_strangers_and_nonsense_reach_nobody(
    body: bytes,
    secret: str | None,
    status: int,
    telegram_emulator: Emulator,
    serving: Serving,
    desk: Desk,
) -> None:
    async with serving(desk):
        assert (await telegram_emulator.hook.post(body, secret))[0] == status
    assert desk.tried == []


def test_too_many_posts_are_told_to_come_again(clock: Clock) -> None:
    async def take(_update: object) -> None: ...

    quarantine = Quarantine(None, timing=Timing(), clock=clock)
    rate = Allowance(interval=2, burst=3)
    hook = Hook(take, quarantine, secret=SECRET, clock=clock, rate=rate)
    client = TestClient(Starlette(routes=hook.routes()))
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}

    def post() -> tuple[int, str | None]:
        response = client.post("/telegram", json={"update_id": 1}, headers=headers)
        return response.status_code, response.headers.get("Retry-After")

    assert [post() for _ in range(4)] == [(200, None)] * 3 + [(429, "2")]
    clock.now += 2
    assert [post()[0] for _ in range(2)] == [200, 429]


async def test_a_webhook_that_somebody_changed_is_set_again_and_trouble_is_told(
    telegram_emulator: Emulator,
    serving: Serving,
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with serving(desk):
        ours = telegram_emulator.hook.url
        telegram_emulator.hook.set("https://elsewhere.example.org/", "other")
        await telegram_emulator.until(lambda: telegram_emulator.hook.url == ours)
        assert "elsewhere" in caplog.text
        desk.refuses = lambda update: True
        telegram_emulator.person(7).says("您好")
        await telegram_emulator.until(lambda: "check the reverse proxy" in caplog.text)
        desk.refuses = lambda update: False
        await desk.hears(1)
    assert SECRET not in caplog.text


async def test_telegram_refusing_our_webhook_is_told_and_tried_again(
    telegram_emulator: Emulator,
    serving: Serving,
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = "Bad Request: bad webhook: HTTPS url must be provided for webhook"
    telegram_emulator.breaks("setWebhook", status=400, description=words)
    async with serving(desk):
        telegram_emulator.person(7).says("您好")
        await desk.hears(1)
    assert "refuses what we ask for: Bad webhook: https url must be provided" in caplog.text


async def test_polling_takes_the_webhook_away_and_drops_nothing(
    telegram_emulator: Emulator, connect: Connect, running: Callable[..., object], desk: Desk
) -> None:
    telegram_emulator.hook.set("http://127.0.0.1:9/", "old")
    telegram_emulator.person(7).says("您好")
    async with running(connect(), desk):  # type: ignore[attr-defined]
        await desk.hears(1)
    assert telegram_emulator.called("deleteWebhook") == [{}]
