"""The doctor: finds what is wrong and says what to do, changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session

from bot.config import Settings
from bot.db import outbox, schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.tables import Message, Staff, Status
from bot.operating import doctor, switches
from bot.readiness import LATE
from handlers.messages import Contact, Reply
from tests.conftest import KEY

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)


@pytest.fixture
def settings(sqlite: Engine) -> Settings:
    return Settings(
        database=sqlite.url.render_as_string(hide_password=False), secret_keys=[SecretStr(KEY)]
    )


def healthy(_address: str) -> httpx.Response:
    return httpx.Response(200, headers={"date": format_datetime(NOW)})


def look(settings: Settings, engine: Engine, ask: doctor.Ask = healthy) -> dict[str, list[str]]:
    """What → level, words and remedy of each finding."""
    found: dict[str, list[str]] = {}
    for one in doctor.examine(settings, engine, now=NOW, ask=ask):
        found.setdefault(one.what, []).append(f"{one.level} {one.words} {one.remedy}")
    return found


def test_a_good_installation_is_called_good(settings: Settings, sqlite: Engine) -> None:
    with Session(sqlite) as session:
        session.add(Staff(username="li", name="李同志", password_hash="-"))
        session.commit()
    (settings.data_folder() / "backups").mkdir()
    (settings.data_folder() / "backups" / "youjun-x.backup").touch()
    found = look(settings, sqlite)
    assert {line.split()[0] for lines in found.values() for line in lines} <= {"好"}
    assert {"密钥", "磁盘", "备份", "数据库结构", "解密", "人员", "知识库"} <= set(found)


def test_the_room_on_the_disk_of_postgresql_is_tried(postgres: Engine) -> None:
    settings = Settings(
        database=postgres.url.render_as_string(hide_password=False), secret_keys=[SecretStr(KEY)]
    )
    assert look(settings, postgres)["数据库磁盘"] == ["好 写得进 "]
    with postgres.begin() as line:
        name = postgres.url.database
        line.exec_driver_sql(f"ALTER DATABASE {name} SET temp_file_limit = '1MB'")
    postgres.dispose()  # a setting holds for new connections
    [said] = look(settings, postgres)["数据库磁盘"]
    assert said.startswith("不行 写不进")


def test_nobody_on_the_staff_and_no_backup_are_told(settings: Settings, sqlite: Engine) -> None:
    found = look(settings, sqlite)
    assert found["人员"][0].startswith("不行")
    assert "youjun staff add" in found["人员"][0]
    assert "youjun backup" in found["备份"][0]


def test_a_key_that_does_not_fit_is_told(settings: Settings, sqlite: Engine) -> None:
    with Session(sqlite) as session:
        session.add(Message(contact="a:1", text="私事", status=Status.SENT))
        session.commit()
    other = connect(sqlite.url.render_as_string(), make_cipher([Fernet.generate_key().decode()]))
    found = look(settings, other)
    assert "secret.key" in found["解密"][0]
    other.dispose()


def test_a_key_file_others_can_read_is_told(settings: Settings, sqlite: Engine) -> None:
    settings.secret_keys = []
    settings.keys()
    path = settings.data_folder() / "secret.key"
    path.chmod(0o644)
    assert f"chmod 600 {path}" in look(settings, sqlite)["密钥"][0]


def test_a_database_behind_or_ahead_of_the_program_is_told(
    settings: Settings, sqlite: Engine
) -> None:
    schema.downgrade(sqlite, "0003")
    assert "youjun migrate" in look(settings, sqlite)["数据库结构"][0]
    with sqlite.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "更新的版本" in look(settings, sqlite)["数据库结构"][0]


def test_a_database_that_is_away_is_told(settings: Settings, tmp_path: Path) -> None:
    away = connect("postgresql+psycopg://x:x@127.0.0.1:1/none", make_cipher([KEY]))
    found = look(settings, away)
    assert found["数据库"][0].startswith("不行")
    away.dispose()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401), "@BotFather"),
        (httpx.Response(502), "过一会儿"),
        (httpx.ConnectError("no"), "代理"),
        (
            httpx.Response(200, headers={"date": format_datetime(NOW - timedelta(minutes=9))}),
            "时间同步",
        ),
    ],
)
def test_trouble_with_telegram_is_told(
    settings: Settings, sqlite: Engine, answer: httpx.Response | httpx.HTTPError, words: str
) -> None:
    settings.telegram.enabled, settings.telegram.token = True, SecretStr("1:a")
    asked: list[str] = []

    def ask(address: str) -> httpx.Response:
        asked.append(address)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer

    found = look(settings, sqlite, ask)
    assert asked == ["https://api.telegram.org/bot1:a/getMe"]
    assert words in "".join(found["Telegram"] + found.get("时钟", []))


def test_replies_that_do_not_leave_and_switches_that_are_off_are_told(
    settings: Settings, sqlite: Engine
) -> None:
    settings.telegram.enabled, settings.telegram.token = True, SecretStr("1:a")
    with Session(sqlite) as session:
        outbox.put(session, Contact("telegram", "7"), [Reply("好")], due_at=NOW - LATE * 2)
        session.commit()
    switches.switch(sqlite, "web", "维护中", "system")
    found = look(settings, sqlite)
    assert found["待发"][0].startswith("不行")
    assert "youjun switch on web" in found["开关"][0]
