"""A file system that is really full under a running service: what there is no room for is refused
whole, and taken once there is. As root; part of ``make faults``."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, func, select

from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.desk import Attachment
from bot.db.engine import connect
from bot.desk.attachments import Store
from bot.service import Service
from tests.conftest import KEY
from tests.desk.test_attachments import photo
from tests.faults.cluster import Cluster, programs
from tests.faults.conftest import Serve, empty_database
from tests.faults.disk import SmallDisk
from tests.faults.rig import SCRIPT, Process, Town, free_port, platform, telegram, until
from tests.faults.visitor import Visitor

PEOPLE = 150
IN_FLIGHT = 8
"""Replies on their way at a time, at most: those cannot be written down when the disk is full."""
PARTS = (SCRIPT[:3], SCRIPT[3:6], SCRIPT[6:])
"""The disk is full once during each."""
PLACES = ("sqlite", "postgres data", "postgres log")


@pytest.fixture
def cluster(request: pytest.FixtureRequest, small_disk: SmallDisk) -> Iterator[Cluster | None]:
    """A server with its tables or its log on the small disk; None for SQLite, which is all there."""
    found = programs()
    _, _, part = request.param.partition(" ")
    if not part:
        yield None
        return
    if found is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    shutil.chown(small_disk.folder, "postgres")
    inside = small_disk.folder / part
    cluster = Cluster(found, data=inside) if part == "data" else Cluster(found, wal=inside)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def engine(cluster: Cluster | None, small_disk: SmallDisk) -> Iterator[Engine]:
    engine = empty_database(cluster, small_disk.folder)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("cluster", PLACES, indirect=True)
async def test_what_is_written_while_the_disk_is_full_is_taken_once_there_is_room(
    cluster: Cluster | None,
    engine: Engine,
    small_disk: SmallDisk,
    serve: Serve,
    undisturbed: Service,
) -> None:
    """PostgreSQL ends when there is no room for its log; it is started again, as a supervisor would."""
    async with platform() as emulator:
        town = Town(emulator, PEOPLE)
        town.rehearse(undisturbed)
        async with serve(engine, telegram(emulator), ports=[free_port()]) as [process]:
            for part in PARTS:
                town.speak(part[:1])
                await asyncio.sleep(0.3)
                if not cluster:
                    await asyncio.to_thread(give_back_log, small_disk.folder / "youjun.db")
                small_disk.fill()
                town.speak(part[1:])
                if cluster and cluster.wal:
                    await asyncio.to_thread(others_write, engine)
                await full(process)
                await asyncio.sleep(5)
                assert emulator.pending
                small_disk.make_room()
                if cluster and not cluster.runs():
                    await asyncio.to_thread(cluster.start)
                await until(lambda: not emulator.pending, 240)
            await town.all_heard(240)
            assert await process.ends(signal.SIGTERM) < 10
            tries = process.whole_log().count(" failed (try ")
        found = town.count(engine, kills=0)
    print(f"\ndisk full {len(PARTS)} times, {tries} tries refused: {found}")  # noqa: T201
    assert found.duplicates <= len(PARTS) * IN_FLIGHT


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_file_there_is_no_room_for_is_refused_in_words_and_leaves_nothing(
    database: str,
    request: pytest.FixtureRequest,
    small_disk: SmallDisk,
    tmp_path: Path,
    serve: Serve,
) -> None:
    """PostgreSQL goes on: only the folder of files is on the full disk."""
    (tmp_path / "data").symlink_to(small_disk.folder)
    engine = request.getfixturevalue("postgres") if database == "postgres" else None
    if engine is None:
        engine = connect(f"sqlite:///{small_disk.folder}/youjun.db", make_cipher([KEY]))
        schema.migrate(engine)
        engine.dispose()
    async with serve(engine, {}, ports=[free_port()]) as [process], Visitor(process.port) as li:
        for line in SCRIPT[1:9]:
            assert (await li.says(line))[0] == 200
        small_disk.fill()
        status, words = await li.sends("f1", photo(size=(2000, 2000)))
        if database == "postgres":
            assert "系统现在存不下文件" in await li.hears()
            assert (await li.says("残疾军人坐火车半价吗"))[0] == 200
        else:
            assert (status, "这个文件还没有存下" in words) == (503, True)
        files = small_disk.folder / "files"
        assert [one for one in files.rglob("*") if one.is_file()] == []
        assert (await process.ready())["ready"] is False
        assert await process.command("doctor") == 1
        assert "［不行］磁盘" in (tmp_path / "commands.log").read_text("utf-8")
        small_disk.make_room()
        assert (await li.sends("f2", photo(size=(2000, 2000))))[0] == 200
        with Session(engine) as session:
            [kept] = session.exec(select(Attachment)).all()
            assert Store(engine, files).read(kept).startswith(b"\xff\xd8")
        await process.ends(signal.SIGTERM)
    engine.dispose()


def give_back_log(file: Path) -> None:
    """SQLite writes over its log: some megabytes that hold a great deal on a disk that is full."""
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as line:
        line.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def others_write(engine: Engine) -> None:
    """Whoever else uses the server fills what is left in the segments of the log."""
    letter = func.pg_logical_emit_message(False, "other", "x" * 200_000)
    letters = select(func.count(letter)).select_from(func.generate_series(1, 2000))
    with engine.connect() as line, pytest.raises(OperationalError):
        line.execute(letters)
    engine.dispose()


async def full(process: Process) -> None:
    """Wait until it says that it can take nothing, or that the database is gone."""
    async with asyncio.timeout(120):
        found = await process.ready()
        while found["database"] and not found["database_full"]:
            await asyncio.sleep(0.2)
            found = await process.ready()
    assert found["ready"] is False
