"""A process whose polling fell silent ends, so that its supervisor starts it anew."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bot import watchdog
from tests.channels.telegram_emulator import TOKEN, Emulator


class Silent:
    """A channel and its clock: heard something once, then never again."""

    name = "telegram"
    last_heard: float | None = None
    there = True
    now = 100.0

    def clock(self) -> float:
        self.now += 20
        return self.now

    async def reachable(self) -> bool:
        return self.there


@pytest.mark.parametrize("heard", [None, 200.0])
async def test_silence_of_a_minute_stops_the_server(
    heard: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    channel, stopped = Silent(), []
    channel.last_heard = heard
    await watchdog.keep_watch(channel, 60, lambda: stopped.append(channel.now), clock=channel.clock)
    assert len(stopped) == 1
    assert stopped[0] >= (120.0 if heard is None else heard) + 60
    assert "nothing fetched for" in caplog.text


@pytest.mark.parametrize("alone", [False, True])
async def test_while_telegram_cannot_be_reached_the_web_chat_goes_on(
    alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    channel, stopped = Silent(), []
    channel.there = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.5):
            await watchdog.keep_watch(
                channel, 30, lambda: stopped.append(1), alone=alone, clock=channel.clock
            )
    assert bool(stopped) == alone
    assert ("the rest goes on" in caplog.text) != alone


@pytest.mark.parametrize(("limit", "code"), [(2, watchdog.EXIT_CODE), (0, -signal.SIGTERM)])
async def test_the_service_exits_when_telegram_hands_out_nothing_unless_told_to_stay(
    limit: int, code: int, telegram_emulator: Emulator, tmp_path: Path
) -> None:
    telegram_emulator.breaks("getUpdates", "hang", times=99)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "YOUJUN_DATABASE": f"sqlite:///{tmp_path / 'youjun.db'}",
        "YOUJUN_WEB__PORT": str(port),
        "YOUJUN_TELEGRAM__ENABLED": "true",
        "YOUJUN_TELEGRAM__TOKEN": TOKEN,
        "YOUJUN_TELEGRAM__BASE_URL": telegram_emulator.base_url,
        "YOUJUN_TELEGRAM__EXIT_AFTER_SECONDS": str(limit),
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", "--migrate",
            env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        await telegram_emulator.until(lambda: telegram_emulator.called("getUpdates"), 40)
        if limit == 0:
            process.terminate()
        await asyncio.wait_for(process.wait(), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == code, log.read_text()
    assert ("nothing fetched for" in log.read_text()) == (limit > 0)
