"""Who asks to be forgotten is gone: from the rows, the disk, later backups; others stay."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session, select

from bot import erasing, linked
from bot.db import scrubbing
from bot.db.tables import Conversation, Message, State, Ticket
from bot.desk import finding, history
from bot.expiry import Terms, purge
from bot.operating import backup
from bot.operating.sealing import Opener
from tests.conftest import KEY
from tests.privacy.conftest import OTHERS, STRANGE, Life, long_ago, rows, tokens

TERMS = Terms(timedelta(days=180))


def forgotten(life: Life) -> str:
    life.wang.says("忘记我")
    return life.wang.presses("确定删除")[0]


def clear(path: Path) -> bytes:
    """The tables of a backup, unpacked."""
    with path.open("rb") as sealed:
        whole = io.BytesIO(io.BufferedReader(Opener(sealed, [KEY])).read())
    with tarfile.open(fileobj=whole) as archive:
        found = (archive.extractfile(one) for one in archive)
        return b"".join(part.read() for part in found if part)


def test_nothing_of_them_is_left_in_rows_files_or_a_backup(either: Life, tmp_path: Path) -> None:
    theirs = {str(either.wang.contact), str(either.phone.contact)}
    pieces = tokens(either.engine, theirs, "T000001")
    assert len(pieces) > 40
    assert sum(1 for path in either.files.rglob("*") if path.is_file()) == 2
    heard = forgotten(either)
    assert "T000001（" in heard
    [left] = [path for path in either.files.rglob("*") if path.is_file()]
    long_ago(either.engine, str(either.wang.contact), days=2)
    purge(either.engine, TERMS)
    backup.create(either.engine, either.files, tmp_path / "b.backup", KEY)
    kept = str(list(rows(either.engine))) + clear(tmp_path / "b.backup").decode(errors="replace")
    assert [piece for piece in pieces if piece in kept] == []
    for words in ("wang-4711", "352706599"):
        assert words not in kept
    with Session(either.engine) as session:
        theirs_, others = session.exec(select(Ticket).order_by(Ticket.number)).all()
        assert (theirs_.contact, theirs_.phone, theirs_.details) == ("forgotten:", "", [])
        assert (others.phone, others.details[0][1]) == (OTHERS, STRANGE)
        assert not history.verify(session).problems
    assert "charlie-42" in kept
    assert either.store.folder in left.parents


def test_nothing_of_them_is_left_on_the_disk(
    sqlite: Engine, live: Callable[[Engine], Life], tmp_path: Path
) -> None:
    life = live(sqlite)
    for number in range(60):  # pages fill and are parted, between those of somebody else
        life.wang.says(f"再问一句，第{number}遍，我家的事怎么办呢")
        life.charlie.says(f"我也问一句，第{number}遍，孩子的事怎么办呢")
    theirs = {str(life.wang.contact), str(life.phone.contact)}
    pieces = tokens(sqlite, theirs, "T000001")
    others = tokens(sqlite, {str(life.charlie.contact)}, "T000002")
    before = disk(tmp_path)
    assert sum(piece.encode() in before for piece in pieces) > 0.9 * len(pieces)  # some lie across
    others = {piece for piece in others if piece.encode() in before}  # two pages
    forgotten(life)
    after = disk(tmp_path)  # at once: all but what a moved row left between the rows of its page
    assert sum(piece.encode() in after for piece in pieces) < 0.05 * len(pieces)
    long_ago(sqlite, str(life.wang.contact), days=2)
    purge(sqlite, TERMS)
    scrubbing.rebuild(sqlite)
    after = disk(tmp_path)
    assert [piece for piece in pieces if piece.encode() in after] == []
    assert len(others) > 100
    assert sum(piece.encode() in after for piece in others) > 0.9 * len(others)
    assert b"wang-4711" not in after
    assert b"352706599" not in after


def test_nothing_of_them_is_left_in_a_dump_of_postgresql_nor_as_a_dead_row(
    postgres: Engine, live: Callable[[Engine], Life]
) -> None:
    life = live(postgres)
    theirs = {str(life.wang.contact), str(life.phone.contact)}
    pieces = tokens(postgres, theirs, "T000001") | {"wang-4711", "352706599"}
    before = dump(postgres)
    assert all(piece in before for piece in pieces)
    forgotten(life)
    long_ago(postgres, str(life.wang.contact), days=2)
    purge(postgres, TERMS)
    after = dump(postgres)
    assert [piece for piece in pieces if piece in after] == []
    assert "charlie-42" in after
    assert dead_rows(postgres) > 0  # a dump does not show them
    scrubbing.rebuild(postgres)
    assert dead_rows(postgres) == 0


def dump(engine: Engine) -> str:
    """What ``pg_dump`` makes of it."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(["pg_dump", url], capture_output=True, text=True, check=True)
    return done.stdout


def dead_rows(engine: Engine) -> int:
    """Deleted rows that still lie in the tables people's words are in."""
    with engine.begin() as line:
        line.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        tables = ("message", "conversation", "ticket", "ticketevent", "attachment", "setaside")
        count = text("SELECT dead_tuple_count FROM pgstattuple(:name)")
        return sum(line.execute(count, {"name": one}).scalar_one() for one in tables)


def test_what_a_moved_row_left_on_its_page_goes(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    chance = random.Random(1)  # noqa: S311
    with engine.begin() as line:
        line.exec_driver_sql("PRAGMA secure_delete = ON")
        for table in range(60):
            line.exec_driver_sql(f"CREATE TABLE kept{table} (name TEXT PRIMARY KEY)")
            for name in ("wang", "another") * 200:  # keys by chance: pages are parted and joined
                key = f"{name}-{chance.getrandbits(64):016x}"
                line.exec_driver_sql(f"INSERT INTO kept{table} VALUES (?)", (key,))  # noqa: S608
            line.exec_driver_sql(f"DELETE FROM kept{table} WHERE name LIKE 'wang-%%'")  # noqa: S608
    assert b"wang-" in disk(tmp_path)  # SQLite's secure_delete alone is not enough
    scrubbing.rebuild(engine)
    assert b"wang-" not in disk(tmp_path)
    assert disk(tmp_path).count(b"another-") >= 60 * 200


def disk(folder: Path) -> bytes:
    """The database file with its free pages, and its log."""
    return b"".join(path.read_bytes() for path in folder.glob("test.db*"))


def test_who_comes_back_within_a_day_stays(life: Life) -> None:
    forgotten(life)
    long_ago(life.engine, str(life.wang.contact), days=2)
    life.wang.says("优待证怎么办")
    purge(life.engine, TERMS)
    with Session(life.engine) as session:
        found = session.get(Conversation, str(life.wang.contact))
        assert found is not None
        assert found.forgotten_at is None


def test_the_update_that_asked_for_it_is_known_when_it_comes_again(life: Life) -> None:
    life.wang.says("忘记我")
    life.wang.says("1", id="once")
    assert life.wang.says("1", id="once") == []


def test_while_staff_look_for_somebody_in_danger_nothing_is_erased(life: Life) -> None:
    life.wang.says("我不想活了，今晚就去死")
    assert "办结以后再发" in life.wang.says("忘记我")[0]
    with Session(life.engine) as session:
        done = erasing.forget(session, life.phone.contact)
        assert done.waiting == "T000003"
        session.commit()
        crisis = finding.find(session, "T000003")
        assert crisis.contact == str(life.wang.contact)
        crisis.state = State.RESOLVED
        session.commit()
        assert erasing.forget(session, life.phone.contact).waiting == ""


def test_who_is_held_by_staff_can_still_be_forgotten(life: Life) -> None:
    with Session(life.engine) as session:
        held = session.get(Conversation, str(life.phone.contact))
        assert held is not None
        assert held.held or linked.contacts(session, str(life.phone.contact))
    assert "已删除" in forgotten(life)


def test_what_was_merged_into_a_ticket_that_stays_goes_too(life: Life) -> None:
    with Session(life.engine) as session:
        first, second = finding.find(session, "T000001"), finding.find(session, "T000002")
        first.merged_into = second.number  # as after a merger of one person's, then unlinked
        second.details = [*second.details, ["T000001 情况", "邻居占了我家的地"]]
        session.commit()
    forgotten(life)
    with Session(life.engine) as session:
        kept = finding.find(session, "T000002").details
        assert "邻居" not in str(kept)
        assert STRANGE in str(kept)


def test_a_rolled_back_wish_takes_no_file(life: Life) -> None:
    with Session(life.engine) as session:
        erasing.forget(session, life.wang.contact, files=life.files)
        session.rollback()
        session.add(Message(contact="a:1", text="x", status="sent"))
        session.commit()
    assert sum(1 for path in life.files.rglob("*") if path.is_file()) == 2


@pytest.mark.parametrize("days", [400])
def test_tickets_keep_their_words_unless_a_term_is_set(life: Life, days: int) -> None:
    with Session(life.engine) as session:
        ticket = finding.find(session, "T000001")
        ticket.state, ticket.resolved_at = State.RESOLVED, ticket.opened_at - timedelta(days=days)
        session.commit()
    counts = dict(purge(life.engine, TERMS, life.files, dry_run=True))
    assert "早已办结的申请的内容" not in counts
    terms = Terms(timedelta(days=180), tickets=timedelta(days=365))
    assert dict(purge(life.engine, terms, life.files, dry_run=True))["早已办结的申请的内容"] == 1
    purge(life.engine, terms, life.files)
    with Session(life.engine) as session:
        assert finding.find(session, "T000001").details == []
        assert finding.find(session, "T000002").details != []
        assert not history.verify(session).problems
    assert sum(1 for path in life.files.rglob("*") if path.is_file()) == 1
