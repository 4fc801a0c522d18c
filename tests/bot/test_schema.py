"""Migrations: from empty to head on both databases, and the same as the models."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Engine, inspect
from sqlmodel import Session, SQLModel, select

from bot.db import schema
from bot.db.cipher import WrongKey, make_cipher
from bot.db.engine import connect
from bot.db.tables import Message, Status

REVISIONS = [path.name[:4] for path in (schema.FOLDER / "versions").glob("0*.py")]


def test_head_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    schema.migrate(engine)
    assert schema.current(engine) == schema.head()


def test_the_way_back_leaves_nothing_behind(engine: Engine) -> None:
    schema.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.migrate(engine)
    assert schema.current(engine) == schema.head()


def test_every_step_back_and_forth_keeps_what_people_said(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Message(contact="a:1", text="私事", status=Status.SENT))
        session.commit()
    for revision in sorted(REVISIONS, reverse=True):
        schema.downgrade(engine, revision)
        assert schema.current(engine) == revision
    for revision in sorted(REVISIONS):
        schema.migrate(engine, revision)
    with Session(engine) as session:
        assert session.exec(select(Message.text)).one() == "私事"


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(schema.TooNew, match="youjun restore"):
        schema.migrate(engine)
    assert schema.current(engine) == "9999"


def test_a_wrong_key_is_refused_and_not_read_as_garbage(sqlite: Engine) -> None:
    with Session(sqlite) as session:
        session.add(Message(contact="a:1", text="私事", status=Status.SENT))
        session.commit()
    stranger = connect(sqlite.url.render_as_string(), make_cipher([Fernet.generate_key().decode()]))
    with Session(stranger) as session, pytest.raises(WrongKey, match="secret_keys"):
        session.exec(select(Message)).all()
    stranger.dispose()


def test_an_older_key_still_reads(sqlite: Engine, tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    url = f"sqlite:///{tmp_path}/keys.db"
    before = connect(url, make_cipher([old]))
    schema.migrate(before)
    with Session(before) as session:
        session.add(Message(contact="a:1", text="私事", status=Status.SENT))
        session.commit()
    before.dispose()
    after = connect(url, make_cipher([new, old]))
    with Session(after) as session:
        assert session.exec(select(Message.text)).one() == "私事"
    after.dispose()
