"""Keys change while the service runs, nothing becomes unreadable, and a wrong key is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from typer.testing import CliRunner

from bot import app as parts
from bot.cli import cli
from bot.config import Settings
from bot.db import keys, schema, signing
from bot.db.cipher import WrongKey, make_cipher, seal, unseal
from bot.db.desk import Attachment
from bot.db.engine import connect
from bot.db.tables import Message, Secret, Status, Ticket
from bot.desk import finding
from bot.dossier import collect
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.conftest import KEY
from tests.person import Person
from tests.privacy.conftest import PDF, PHONE, Life

NEW = Fernet.generate_key().decode()


def opened(engine: Engine, *ring: str) -> Engine:
    """The same database with other keys."""
    return connect(engine.url.render_as_string(hide_password=False), make_cipher(list(ring)))


def test_everything_is_readable_without_the_old_key_after_rotation(either: Life) -> None:
    secret = signing.secret(either.engine, "before")
    cipher = either.engine.dialect.cipher  # type: ignore[attr-defined]
    with Session(either.engine) as session:
        picture = {"pictures": [[f"/chat/map/{seal(cipher, [1, 2])}.svg", "图"]]}
        session.add(Message(contact="a:1", text="x", extras=picture, status=Status.SENT))
        session.commit()
        before = collect(session, either.wang.contact, str)
    both = opened(either.engine, NEW, KEY)
    assert sum(one.by_key.get(1, 0) for one in keys.census(both, [NEW, KEY])) > 60
    changed = sum(one.changed for one in keys.rotate(both, [NEW, KEY]))
    assert changed > 60
    assert sum(one.changed for one in keys.rotate(both, [NEW, KEY])) == 0
    both.dispose()
    only = opened(either.engine, NEW)
    keys.require_readable(only)
    assert all(not one.unreadable for one in keys.census(only, [NEW]))
    assert signing.secret(only, "other") == secret
    with Session(only) as session:
        after = collect(session, either.wang.contact, str)
        assert before | {"made_at": ""} == after | {"made_at": ""}
        for one in session.exec(select(Attachment)).all():
            assert either.store.read(one) == PDF
        [[name, _]] = (
            session.exec(select(Message).where(Message.contact == "a:1")).one().extras["pictures"]
        )
        sealed = name.removeprefix("/chat/map/").removesuffix(".svg")
        assert unseal(make_cipher([NEW]), sealed) == [1, 2]
        hashed = finding.phone_hash(PHONE, "pepper")
        assert session.exec(select(Ticket.number).where(Ticket.phone_hash == hashed)).all() == [
            "T000001"
        ]
    only.dispose()
    old = opened(either.engine, KEY)
    with pytest.raises(WrongKey, match="secret_keys"):
        keys.require_readable(old)
    old.dispose()


def test_what_changes_meanwhile_is_not_overwritten_and_a_broken_run_goes_on(
    engine: Engine,
) -> None:
    with Session(engine) as session:
        for number in range(1201):
            session.add(Message(contact="a:1", text=f"{number}", status=Status.SENT))
        session.commit()
    both = opened(engine, NEW, KEY)
    portions = keys._portions(both, *keys.encrypted()[_place("message")])
    stale = next(portions)
    table, columns = keys.encrypted()[_place("message")]
    counts = {one.name: keys.Count("message", one.name) for one in columns}
    wanted = list(keys._look(stale, 1, [Fernet(NEW), Fernet(KEY)], counts))
    with Session(engine) as session:
        first = session.exec(select(Message).order_by(col(Message.id))).first()
        assert first is not None
        first.text = "改过"
        session.commit()
    keys._write(both, table, wanted, counts)
    assert counts["text"].changed == len(stale) - 1
    rest = sum(one.changed for one in keys.rotate(both, [NEW, KEY]))
    assert rest == 1201 - counts["text"].changed
    with Session(both) as session:
        said = session.exec(select(Message.text).order_by(col(Message.id))).all()
    assert said == ["改过", *(str(number) for number in range(1, 1201))]
    both.dispose()


def _place(table: str) -> int:
    return [one.name for one, _ in keys.encrypted()].index(table)


def test_the_service_goes_on_answering_while_keys_rotate(
    sqlite: Engine, live: Callable[[Engine], Life], knowledge: Knowledge
) -> None:
    live(sqlite)
    life_engine = opened(sqlite, NEW, KEY)
    somebody = Person(Service(life_engine, knowledge), Contact("web", "new"))
    other = opened(sqlite, NEW, KEY)
    with ThreadPoolExecutor(1) as pool:
        rotating = pool.submit(keys.rotate, other, [NEW, KEY])
        for _ in range(5):
            assert somebody.says("优待证怎么办")
        assert sum(one.changed for one in rotating.result()) > 60
    assert all(set(one.by_key) <= {0} for one in keys.census(other, [NEW, KEY]))
    other.dispose()
    life_engine.dispose()


def test_the_service_does_not_start_with_a_key_that_does_not_fit(
    sqlite: Engine, live: Callable[[Engine], Life], tmp_path: Path
) -> None:
    live(sqlite)
    settings = Settings(database=sqlite.url.render_as_string(), secret_keys=[NEW])
    with pytest.raises(WrongKey, match=r"secret\.key"):
        parts.build(settings)
    settings = Settings(database=sqlite.url.render_as_string(), secret_keys=[NEW, KEY])
    parts.build(settings)


def test_the_signing_secret_is_kept_by_an_older_database_and_made_by_a_new_one(
    life: Life, tmp_path: Path
) -> None:
    assert signing.secret(life.engine, "before") == "before"
    fresh = connect(f"sqlite:///{tmp_path}/fresh.db", make_cipher([KEY]))
    schema.migrate(fresh)
    made = signing.secret(fresh, "before")
    assert len(made) > 40
    assert signing.secret(fresh, "else") == made
    fresh.dispose()


def test_after_a_leak_the_signing_secret_is_renewed_and_phones_are_still_found(
    life: Life,
) -> None:
    signing.secret(life.engine, "before")
    assert signing.renew(life.engine, finding.phone_hash) == 2
    with Session(life.engine) as session:
        secret = session.exec(select(Secret.value)).one()
        assert secret != "before"
        hashed = finding.phone_hash(f"+86 {PHONE}", secret)
        query = select(Ticket.number).where(Ticket.phone_hash == hashed)
        assert session.exec(query).one() == "T000001"


def test_a_hash_of_a_phone_says_nothing_without_the_secret() -> None:
    assert finding.phone_hash(PHONE, "a") != finding.phone_hash(PHONE, "b")
    assert PHONE[3:] not in finding.phone_hash(PHONE, "a")
    assert finding.phone_hash(f"+86 {PHONE}", "a") == finding.phone_hash(PHONE, "a")
    assert finding.phone_hash("", "a") == ""


def test_an_operator_rotates_checks_and_is_told_what_to_do(
    sqlite: Engine, live: Callable[[Engine], Life], tmp_path: Path
) -> None:
    live(sqlite)
    database = {"YOUJUN_DATABASE": sqlite.url.render_as_string()}

    def run(*command: str, ring: str) -> str:
        done = CliRunner().invoke(cli, command, env=database | {"YOUJUN_SECRET_KEYS": ring})
        return done.output + str(done.exception or "")

    both = f'["{NEW}","{KEY}"]'
    assert "旧的；还有内容时不能删" in run("keys", "check", ring=both)
    assert "现在全部在第一个密钥下" in run("keys", "rotate", ring=both)
    assert "第 2 个密钥：0 个（可以删）" in run("keys", "check", ring=both)
    assert "第 1 个密钥" in run("keys", "check", ring=f'["{NEW}"]')
    assert "解不开：message.text" in run("keys", "check", ring=f'["{KEY}"]')
    assert "都解不开，没有动" in run("keys", "rotate", ring=f'["{KEY}"]')
