"""Backups: made while the service runs, sealed, verified, and restored into a running state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import Conversation, Desk, Message, Status, Ticket
from bot.desk import history
from bot.operating import backup
from bot.operating.sealing import CHUNK, Broken
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.conftest import KEY
from tests.person import Person

REQUEST = (
    *("/request other-help", "邻居占了我家的地", "去年", "海门区"),
    *("三星镇", "13900138000", "1", "1"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Attachments: two files, one of them larger than a chunk."""
    for name, content in (("ab/abc", b"small"), ("cd/cde", b"\x00\xff" * CHUNK)):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return tmp_path / "files"


@pytest.fixture
def lived_in(engine: Engine, somebody: Callable[[str], Person]) -> Engine:
    """A database in which people have asked, and desks point at one another."""
    person = somebody("老王")
    person.says("优待证丢了怎么补办")
    for answer in REQUEST:
        person.says(answer)
    with Session(engine) as session:
        below = Desk(code="b", name="海门区")
        session.add(below)
        session.flush()
        above = Desk(code="a", name="市")
        session.add(above)
        session.flush()
        below.parent = above.id
        history.note(session, None, "system", "imported", text="部门")
        session.commit()
    return engine


def everything(session: Session, table: type[SQLModel]) -> list[dict[str, object]]:
    rows = session.exec(select(table)).all()
    found = [{name: getattr(one, name) for name in table.model_fields} for one in rows]
    return sorted(found, key=lambda one: str(one.get("id", one.get("contact"))))


def empty(tmp_path: Path) -> Engine:
    return connect(f"sqlite:///{tmp_path}/other.db", make_cipher([KEY]))


def test_what_was_saved_comes_back_and_goes_on(
    lived_in: Engine, folder: Path, tmp_path: Path, knowledge: Knowledge
) -> None:
    file = tmp_path / "one.backup"
    made = backup.create(lived_in, folder, file, KEY)
    other = empty(tmp_path)
    restored = backup.restore(other, tmp_path / "back", file, [KEY])
    assert restored == made
    assert (tmp_path / "back/cd/cde").read_bytes() == b"\x00\xff" * CHUNK
    with Session(lived_in) as before, Session(other) as after:
        for table in (Message, Conversation, Ticket, Desk):
            assert everything(after, table) == everything(before, table)
        assert history.verify(after).problems == ()
    Person(Service(other, knowledge), Contact("terminal", "老王")).says("进度")
    other.dispose()


def test_a_backup_moves_between_databases(
    lived_in: Engine, postgres: Engine, folder: Path, tmp_path: Path, knowledge: Knowledge
) -> None:
    file = tmp_path / "one.backup"
    backup.create(lived_in, folder, file, KEY)
    if lived_in is postgres:
        return _into_sqlite(file, tmp_path)
    schema.downgrade(postgres, "base")
    backup.restore(postgres, tmp_path / "back", file, [KEY])
    with Session(postgres) as session:  # keys go on after the restored ones
        session.add(Message(contact="a:1", text="新的", status=Status.SENT))
        session.commit()


def _into_sqlite(file: Path, tmp_path: Path) -> None:
    other = empty(tmp_path)
    backup.restore(other, tmp_path / "back", file, [KEY])
    with Session(other) as session:
        zones = {at.tzinfo for at in session.exec(select(Message.created_at)).all()}
    assert zones == {UTC}
    other.dispose()


def test_nobody_reads_a_backup_without_the_key(
    lived_in: Engine, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "one.backup"
    backup.create(lived_in, folder, file, KEY)
    raw = file.read_bytes()
    assert b"hardship" not in raw
    assert b"conversation" not in raw
    with pytest.raises(Broken, match="密钥"):
        backup.verify(file, [Fernet.generate_key().decode()])
    assert backup.verify(file, [Fernet.generate_key().decode(), KEY]).files == 2


@pytest.mark.parametrize("harm", ["cut", "changed", "at the end of a chunk", "not ours"])
def test_a_harmed_backup_is_refused_and_nothing_is_touched(
    sqlite: Engine, folder: Path, tmp_path: Path, harm: str
) -> None:
    file = tmp_path / "one.backup"
    with Session(sqlite) as session:  # incompressible, so that there are several chunks
        for _ in range(1500):
            text = Fernet.generate_key().decode() * 8
            session.add(Message(contact="a:1", text=text, status=Status.SENT))
        session.commit()
    backup.create(sqlite, folder, file, KEY)
    raw = bytearray(file.read_bytes())
    assert len(raw) > 2 * CHUNK
    if harm == "cut":
        del raw[-100:]
    elif harm == "changed":
        raw[len(raw) // 2] ^= 1
    elif harm == "not ours":
        raw = bytearray(b"PK\x03\x04" + bytes(100))
    else:
        del raw[32 + 2 * (CHUNK + 16) :]
    file.write_bytes(raw)
    other = empty(tmp_path)
    with pytest.raises(Broken):
        backup.restore(other, tmp_path / "back", file, [KEY])
    assert schema.current(other) is None
    assert not (tmp_path / "back").exists()
    other.dispose()


def test_a_database_with_people_in_it_is_never_overwritten(
    lived_in: Engine, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "one.backup"
    backup.create(lived_in, folder, file, KEY)
    with pytest.raises(backup.NotRestored, match="已经有数据"):
        backup.restore(lived_in, tmp_path / "back", file, [KEY])
    fresh = empty(tmp_path)
    with pytest.raises(backup.NotRestored, match="已经有文件"):
        backup.restore(fresh, folder, file, [KEY])
    fresh.dispose()


def test_people_may_write_while_a_backup_is_read(engine: Engine, somebody: object) -> None:
    from bot.operating import dump

    with Session(engine) as session:
        session.add(Message(contact="a:1", text="先", status=Status.SENT))
        session.commit()
    with dump.snapshot(engine) as reader:
        table = next(one for one in dump.tables(reader) if one.name == "message")
        assert len(list(dump.rows(reader, table))) == 1
        with Session(engine) as session:
            session.add(Message(contact="a:1", text="后", status=Status.SENT))
            session.commit()
        assert len(list(dump.rows(reader, table))) == 1, "one moment in time"
    with Session(engine) as session:
        assert len(session.exec(select(Message).where(col(Message.contact) == "a:1")).all()) == 2


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    start = datetime(2026, 11, 25, tzinfo=UTC)
    names = [backup.file_name(start + timedelta(days=day)) for day in range(5)]
    for name in [*names, "mine.backup"]:
        (tmp_path / name).touch()
    backup.prune(tmp_path, 2)
    assert {path.name for path in tmp_path.iterdir()} == {*names[-2:], "mine.backup"}
