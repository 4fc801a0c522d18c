"""One sealed file with everything the service keeps, made while it runs, and the way back.

Inside: a compressed tar of ``tables/<name>.jsonl``, ``files/…`` (attachments, already encrypted)
and at last ``manifest.json`` with revision and counts. A backup of SQLite can be restored into
PostgreSQL and the other way round.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from sqlalchemy import Connection, Engine, MetaData, Select, Table, func, select

from bot.db import schema
from bot.operating import dump
from bot.operating.sealing import Broken, Opener, Sealer

SUFFIX = ".backup"
_IN_MEMORY = 16 * 1024 * 1024


class NotRestored(Exception):
    """Nothing was changed; the message says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    at: str
    """When, ISO 8601 with zone."""
    revision: str
    database: str
    """``sqlite`` or ``postgresql``: where it came from."""
    rows: dict[str, int]
    files: int


def create(engine: Engine, files: Path, target: Path, key: str) -> Manifest:
    """Write a backup to ``target`` and read it back whole before it counts.

    The service may go on running. Raises OSError (disk full, no such folder), Broken.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        with unfinished.open("wb") as out, Sealer(out, key) as sealed:
            written = _write(engine, files, cast(BinaryIO, sealed))
        if verify(unfinished, [key]) != written:
            raise Broken("刚写好的备份和写入的内容对不上，请检查磁盘后再做一次")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def verify(path: Path, keys: Sequence[str]) -> Manifest:
    """Read a backup to its end and count what is in it. Raises Broken, OSError."""
    found: dict[str, int] = {}
    files, manifest = 0, None
    with _opened(path, keys) as archive:
        for member, content in _members(archive):
            if name := _table_of(member):
                found[name] = sum(1 for _ in content)
            elif member.name == "manifest.json":
                manifest = Manifest(**json.load(content))
            else:
                files += 1
    if manifest is None or (manifest.rows, manifest.files) != (found, files):
        raise Broken("备份里的条数和清单对不上，不能用来恢复")
    return manifest


def restore(engine: Engine, files: Path, path: Path, keys: Sequence[str]) -> Manifest:
    """Fill an empty database and an empty folder from a backup that was verified first.

    All or nothing in the database. Raises NotRestored, Broken, OSError.
    """
    manifest = verify(path, keys)
    _require_empty(engine, files)
    schema.migrate(engine, _known(manifest.revision))
    with engine.begin() as connection, _opened(path, keys) as archive:
        tables = {table.name: table for table in dump.tables(connection)}
        for table in reversed(tables.values()):
            connection.execute(table.delete())  # what a migration put there is in the backup, too
        for member, content in _members(archive):
            if name := _table_of(member):
                dump.load(connection, tables[name], content)
            elif member.name != "manifest.json":
                _put_file(files, member.name, content)
    schema.migrate(engine)
    return manifest


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest ``keep`` backups made by name; returns what was deleted."""
    old = sorted(folder.glob(f"youjun-*{SUFFIX}"), reverse=True)[keep:]
    for path in old:
        path.unlink()
    return old


def file_name(at: datetime) -> str:
    """``youjun-20261125-013000.backup``: names sort by time."""
    return f"youjun-{at.astimezone(UTC):%Y%m%d-%H%M%S}{SUFFIX}"


def _write(engine: Engine, files: Path, out: BinaryIO) -> Manifest:
    counts: dict[str, int] = {}
    with tarfile.open(fileobj=out, mode="w|gz") as archive:
        with dump.snapshot(engine) as connection:
            revision = _revision(connection)
            for table in dump.tables(connection):
                counts[table.name] = _add_table(archive, connection, table)
        # Files come after the rows: a row never names a file that is not there yet.
        number = _add_files(archive, files)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(now, revision, engine.dialect.name, counts, number)
        _add(archive, "manifest.json", io.BytesIO(json.dumps(asdict(manifest)).encode()))
    return manifest


def _add_table(archive: tarfile.TarFile, connection: Connection, table: Table) -> int:
    count = 0
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        for count, line in enumerate(dump.rows(connection, table), 1):  # noqa: B007
            spool.write(line.encode() + b"\n")
        _add(archive, f"tables/{table.name}.jsonl", spool)
    return count


def _add_files(archive: tarfile.TarFile, folder: Path) -> int:
    paths = sorted(path for path in folder.glob("**/*") if path.is_file())
    kept = 0
    for path in paths:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # forgotten meanwhile
            continue
        _add(archive, f"files/{path.relative_to(folder).as_posix()}", io.BytesIO(content))
        kept += 1
    return kept


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    archive.addfile(member, content)


@contextmanager
def _opened(path: Path, keys: Sequence[str]) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as sealed:
        clear = io.BufferedReader(cast(io.RawIOBase, Opener(sealed, keys)))
        try:
            with tarfile.open(fileobj=clear, mode="r|gz") as archive:
                yield archive
                while clear.read(1024 * 1024):  # to the last mark: a cut is noticed
                    pass
        except (tarfile.TarError, EOFError, ValueError, KeyError) as problem:
            raise Broken(f"备份的内容读不出来：{problem}") from None


def _members(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in archive:
        content = archive.extractfile(member)
        if content is not None:
            yield member, content


def _table_of(member: tarfile.TarInfo) -> str | None:
    if not member.name.startswith("tables/"):
        return None
    return member.name.removeprefix("tables/").removesuffix(".jsonl")


def _put_file(folder: Path, name: str, content: IO[bytes]) -> None:
    root = folder.resolve()
    path = (root / name.removeprefix("files/")).resolve()
    if not path.is_relative_to(root):
        raise Broken(f"备份里有不该有的文件名：{name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read())


def _require_empty(engine: Engine, files: Path) -> None:
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        for name in ("conversation", "message", "ticket", "staff"):
            if name in found.tables and connection.scalar(_count(found, name)):
                raise NotRestored(
                    "要恢复到的数据库里已经有数据，没有动它。"
                    "请换一个空库（SQLite 可先把原来的 .db 文件挪开），再恢复"
                )
    if files.exists() and any(path.is_file() for path in files.glob("**/*")):
        raise NotRestored(f"{files} 里已经有文件，没有动它。请先挪开，再恢复")


def _count(found: MetaData, name: str) -> Select[int]:
    return select(func.count()).select_from(found.tables[name])


def _revision(connection: Connection) -> str:
    version = connection.exec_driver_sql(f"SELECT version_num FROM {dump.VERSION_TABLE}")  # noqa: S608
    return str(version.scalar_one())


def _known(revision: str) -> str:
    if not schema.knows(revision):
        raise NotRestored(
            f"这个备份是更新的版本做的（结构 {revision}），请用做备份时的版本或更新的版本来恢复"
        )
    return revision
