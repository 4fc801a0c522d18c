"""What befalls a machine under load: its power is cut, its clock is set. As root and with a C compiler;
part of ``make faults``."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from bot.db.desk import Attachment
from bot.db.tables import Message
from bot.desk.attachments import Store
from bot.service import Service
from tests.desk.test_attachments import photo
from tests.faults.cluster import Cluster, programs
from tests.faults.conftest import Serve, empty_database, mounted
from tests.faults.disk import CutDisk
from tests.faults.rig import SCRIPT, Process, Town, free_port, platform, telegram
from tests.faults.visitor import Visitor

PEOPLE, CUTS = 200, 10
STEPS = (-5, 6, -3, 2)
"""Hours from the true time; nobody is away so long that a conversation would start anew."""
IN_FLIGHT = 8
"""Replies on their way at a time, at most: whether they arrived could not be written down."""


@pytest.fixture
def disk() -> Iterator[CutDisk]:
    yield from mounted(CutDisk, megabytes=400)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, disk: CutDisk) -> Iterator[Cluster | None]:
    """A server with everything on the disk; None for SQLite."""
    found = programs()
    if request.param == "sqlite":
        yield None
        return
    if found is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    shutil.chown(disk.folder, "postgres")
    cluster = Cluster(found, data=disk.folder / "data")
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def engine(cluster: Cluster | None, disk: CutDisk) -> Iterator[Engine]:
    engine = empty_database(cluster, disk.folder)
    os.sync()  # what initdb wrote; from here on everybody looks after their own
    yield engine
    engine.dispose()


class SystemClock:
    """What a process sees as the time of its machine."""

    def __init__(self, folder: Path) -> None:
        library, file = folder / "clock.so", folder / "clock"
        file.write_bytes(bytes(8))
        self._file = file.open("r+b", buffering=0)
        source = Path(__file__).with_name("clock.c")
        command = ["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]
        subprocess.run(command, check=True)
        self.variables = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(file)}

    def shows(self, ahead: timedelta) -> None:
        """Set it so far from the true time."""
        self._file.seek(0)
        self._file.write(struct.pack("q", round(ahead.total_seconds())))

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def system_clock(tmp_path: Path) -> Iterator[SystemClock]:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    clock = SystemClock(tmp_path)
    yield clock
    clock.close()


async def test_the_clock_of_the_machine_set_about_costs_nothing(
    sqlite: Engine, serve: Serve, undisturbed: Service, system_clock: SystemClock
) -> None:
    async with platform() as emulator:
        town = Town(emulator, PEOPLE)
        town.rehearse(undisturbed)
        settings = telegram(emulator) | system_clock.variables
        async with serve(sqlite, settings, ports=[free_port()]) as [process]:
            size = len(SCRIPT) // len(STEPS)
            for part, hours in enumerate(STEPS):
                last = part == len(STEPS) - 1
                town.speak(SCRIPT[part * size : None if last else (part + 1) * size])
                await asyncio.sleep(3)
                system_clock.shows(timedelta(hours=hours))
            await town.all_heard(240)
            assert (await process.ready())["ready"] is True
            system_clock.shows(timedelta(days=400))
            await asyncio.sleep(10)
            assert await process.ends(signal.SIGTERM) < 10
        found = town.count(sqlite, kills=0)
    with Session(sqlite) as session:
        dates = func.min(Message.created_at), func.max(Message.created_at)
        first, last_date = session.exec(select(*dates)).one()
    assert last_date - first > timedelta(hours=6)  # it really was set
    print(f"\nclock set {len(STEPS) + 1} times: {found}")  # noqa: T201
    assert found.duplicates == 0


@pytest.mark.parametrize("cluster", ["sqlite", "postgres"], indirect=True)
async def test_after_a_power_cut_everything_promised_is_there(
    cluster: Cluster | None, engine: Engine, disk: CutDisk, serve: Serve, undisturbed: Service
) -> None:
    dice = random.Random(3)  # noqa: S311
    async with platform() as emulator:
        town = Town(emulator, PEOPLE)
        town.rehearse(undisturbed)
        async with serve(engine, telegram(emulator), ports=[free_port()]) as [process]:
            town.speak()
            for _ in range(CUTS):
                await asyncio.sleep(dice.uniform(0.5, 4))
                await cut_and_restored(disk, cluster, process)
            await town.all_heard(240 + PEOPLE * 3)
            assert await process.ends(signal.SIGTERM) < 10
        found = town.count(engine, kills=CUTS)
    engine.dispose()
    print(f"\npower cuts: {found}")  # noqa: T201
    assert found.duplicates <= CUTS * IN_FLIGHT


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
async def test_a_photo_said_to_be_kept_is_kept(
    cluster: None, engine: Engine, disk: CutDisk, tmp_path: Path, serve: Serve
) -> None:
    (tmp_path / "data").symlink_to(disk.folder)
    async with serve(engine, {}, ports=[free_port()]) as [process]:
        async with Visitor(process.port) as li:
            for line in SCRIPT[1:9]:
                assert (await li.says(line))[0] == 200
            assert (await li.sends("f1", photo(size=(2000, 2000))))[0] == 200
            await cut_and_restored(disk, cluster, process)
        await process.ends(signal.SIGTERM)
    with Session(engine) as session:
        [kept] = session.exec(select(Attachment)).all()
        assert Store(engine, disk.folder / "files").read(kept).startswith(b"\xff\xd8")
    engine.dispose()


async def cut_and_restored(disk: CutDisk, cluster: Cluster | None, process: Process) -> None:
    """The machine stops where it is, and starts again."""
    disk.cut()
    await process.ends()
    if cluster:
        await asyncio.to_thread(cluster.vanish)
    disk.power_off()
    disk.power_on()
    if cluster:
        await asyncio.to_thread(cluster.start)
    await process.start()
