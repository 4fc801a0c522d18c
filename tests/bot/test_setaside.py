"""Updates nobody could deal with: found again after a restart, erased with the person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text
from sqlmodel import Session
from typer.testing import CliRunner

from bot import erasing, expiry
from bot.cli import cli
from bot.db import setaside
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.schema import migrate
from handlers.messages import Contact

RAW = {"update_id": 5, "message": {"chat": {"id": 7}, "text": "身份证 320623195001010011"}}
PRESSED = {"update_id": 6, "callback_query": {"from": {"id": 9}, "message": {"chat": {"id": 8}}}}


def kept(engine: Engine) -> list[tuple[int, str]]:
    with Session(engine) as session:
        return [(one.update_id, one.contact) for one in setaside.latest(session, "telegram")]


def keep(engine: Engine) -> None:
    with Session(engine) as session:
        for raw in (RAW, RAW, PRESSED, {"update_id": 7, "poll": "?"}):
            setaside.keep(session, "telegram", int(str(raw["update_id"])), "why", raw)


def test_an_update_is_kept_once_encrypted_and_goes_with_its_person(engine: Engine) -> None:
    keep(engine)
    assert kept(engine) == [(7, "telegram:"), (6, "telegram:8"), (5, "telegram:7")]
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT raw FROM setaside WHERE update_id = 5")).scalar()
    assert "320623195001010011" not in str(stored)
    with Session(engine) as session:
        erasing.forget(session, Contact("telegram", "7"))
        session.commit()
    assert [update for update, _ in kept(engine)] == [7, 6]


def test_old_ones_are_purged_with_old_messages(engine: Engine) -> None:
    keep(engine)
    expiry.purge(engine, expiry.Terms(timedelta(days=1)))
    assert len(kept(engine)) == 3
    expiry.purge(engine, expiry.Terms(timedelta(seconds=-1)))
    assert kept(engine) == []


def test_an_operator_lists_reads_and_drops_them(tmp_path: Path) -> None:
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    database = f"sqlite:///{tmp_path / 'youjun.db'}"
    engine = connect(database, make_cipher([key]))
    migrate(engine)
    keep(engine)
    engine.dispose()
    environment = {"YOUJUN_DATABASE": database, "YOUJUN_SECRET_KEYS": f'["{key}"]'}

    def run(*words: str) -> str:
        return CliRunner().invoke(cli, ["telegram", "poison", *words], env=environment).output

    assert [line.split("\t")[0] for line in run().splitlines()] == ["7", "6", "5"]
    assert "320623195001010011" in run("5", "--drop")
    assert "没有编号 5" in run("5")
