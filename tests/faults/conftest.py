"""Faults: options for the full run, and databases that processes can reach."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest
from sqlalchemy import Engine

from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.desk.effects import Settings
from bot.service import Service
from knowledge.base import Knowledge
from tests.conftest import KEY
from tests.faults.cluster import Cluster, programs
from tests.faults.disk import CutDisk, Refused, SmallDisk
from tests.faults.rig import Process

collect_ignore = [] if "FAULTS_FULL" in os.environ else ["test_disk.py", "test_machine.py"]
"""Not every CI may mount file systems, and a skipped test must not look like a passed one there:
really full disks and what befalls a machine belong to ``make faults``."""
Disk = TypeVar("Disk", SmallDisk, CutDisk)
Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[list[Process]]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """``async with serve(engine, settings, ports=…):`` runs processes; killed at the end."""

    @contextlib.asynccontextmanager
    async def run(
        engine: Engine, settings: dict[str, str], *, ports: list[int]
    ) -> AsyncIterator[list[Process]]:
        url = engine.url.render_as_string(hide_password=False)
        usual = {
            "YOUJUN_DATABASE": url,
            "YOUJUN_SECRET_KEYS": f'["{KEY}"]',
            "YOUJUN_LOG_LEVEL": "WARNING",
        }
        processes = [Process(tmp_path, usual | settings, port=port) for port in ports]
        try:
            for one in processes:
                await one.start()
            yield processes
        finally:
            for one in processes:
                if one.running is not None:
                    await one.ends()

    return run


@pytest.fixture
def undisturbed(tmp_path: Path, knowledge: Knowledge) -> Iterator[Service]:
    """A service on a database of its own, where nothing goes wrong."""
    engine = connect(f"sqlite:///{tmp_path}/undisturbed.db", make_cipher([KEY]))
    schema.migrate(engine)
    yield Service(engine, knowledge, desk_settings=desk_settings(knowledge))
    engine.dispose()


def desk_settings(knowledge: Knowledge) -> Settings:
    """What the desk of a process without a staff group has."""
    return Settings(titles={one.id: one.title for one in knowledge.library.services.values()})


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of our own, running."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    cluster = Cluster(found)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """An empty file system with room for a database and little more."""
    yield from mounted(SmallDisk, megabytes=300)


def mounted(kind: type[Disk], megabytes: int) -> Iterator[Disk]:
    """A file system for one test, where we may mount one."""
    try:
        disk = kind(megabytes)
    except Refused as problem:
        pytest.skip(f"no file system of our own: {problem}")
    yield disk
    disk.remove()


def empty_database(cluster: Cluster | None, folder: Path) -> Engine:
    """Migrated and with no line open: of ``cluster``, or SQLite's in ``folder``."""
    url = cluster.url if cluster else f"sqlite:///{folder}/youjun.db"
    engine = connect(url, make_cipher([KEY]))
    schema.migrate(engine)
    engine.dispose()
    return engine
