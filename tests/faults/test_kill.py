"""kill -9 at random moments under load: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal

import pytest
from sqlalchemy import Engine

from bot.service import Service
from tests.faults.conftest import Serve
from tests.faults.rig import Town, free_port, kill_now_and_then, platform, telegram

FULL = "FAULTS_FULL" in os.environ
"""Set by ``make faults``: every way, 5,000 updates and 26 kills each."""
PEOPLE, KILLS, LONGEST = (500, 26, 8.0) if FULL else (24, 3, 1.5)
WAYS = [("sqlite", "polling"), ("postgres", "webhook")]
if FULL:
    WAYS += [("sqlite", "webhook"), ("postgres", "polling")]


@pytest.mark.parametrize(("engine", "way"), WAYS, indirect=["engine"])
async def test_every_update_has_one_effect_and_every_reply_arrives_in_order(
    engine: Engine, way: str, serve: Serve, undisturbed: Service
) -> None:
    """On PostgreSQL two processes, of which either may be the victim."""
    ports = [free_port() for _ in range(1 if engine.dialect.name == "sqlite" else 2)]
    async with platform() as emulator:
        settings = telegram(emulator, webhook=ports[0] if way == "webhook" else None)
        town = Town(emulator, PEOPLE)
        town.rehearse(undisturbed)
        async with serve(engine, settings, ports=ports) as processes:
            town.speak()
            dice = random.Random(way)  # noqa: S311
            await kill_now_and_then(processes, KILLS, longest=LONGEST, dice=dice)
            await town.all_heard(240 + PEOPLE * len(town.model) / 5)
            stopped = await asyncio.gather(*(one.ends(signal.SIGTERM) for one in processes))
        assert max(stopped) < 10
        found = town.count(engine, kills=KILLS)
    assert found.duplicates <= KILLS, found  # what was on its way is in doubt
    print(f"\n{engine.dialect.name}, {way}: {found}")  # noqa: T201
