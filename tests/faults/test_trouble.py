"""Telegram in trouble for minutes, while people go on writing."""

from __future__ import annotations

import asyncio
import signal

from sqlalchemy import Engine

from bot.service import Service
from bot.watchdog import EXIT_CODE
from tests.faults.conftest import Serve
from tests.faults.rig import SCRIPT, Process, Town, free_port, telegram
from tests.faults.test_kill import FULL
from tests.faults.unwell import unwell

PEOPLE, SECONDS = (60, 180) if FULL else (6, 6)
DOUBTFUL = ("no answer to sendMessage", "answer lost to sendMessage", "broken JSON to sendMessage")
"""Who hears nothing, or something that cannot be read, does not know whether it arrived."""


async def test_what_people_write_meanwhile_is_all_answered_in_order(
    sqlite: Engine, serve: Serve, undisturbed: Service
) -> None:
    settings = {"YOUJUN_DELIVERY__LEASE_SECONDS": "60"}  # longer than Telegram may hang
    async with unwell(seed=4) as emulator:
        town = Town(emulator, PEOPLE)
        town.rehearse(undisturbed)
        async with serve(sqlite, telegram(emulator) | settings, ports=[free_port()]) as [process]:
            supervisor = asyncio.create_task(restarted(process))
            emulator.falls_ill(SECONDS)
            for line in SCRIPT:
                town.speak([line])
                await asyncio.sleep(SECONDS / len(SCRIPT))
            await town.all_heard(240 + SECONDS * 4)
            supervisor.cancel()
            assert await process.ends(signal.SIGTERM) < 10
        found = town.count(sqlite, kills=process.whole_log().count("ends with code 75"))
    print(f"\nin trouble for {SECONDS} s, {dict(emulator.troubles)}: {found}")  # noqa: T201
    assert emulator.troubles
    assert found.duplicates <= sum(emulator.troubles[one] for one in DOUBTFUL)


async def restarted(process: Process) -> None:
    """What systemd does: a process that fell silent is started again."""
    while True:
        assert process.running is not None
        if await process.running.wait() != EXIT_CODE:
            return
        await process.start()
