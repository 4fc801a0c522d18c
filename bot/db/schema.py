"""The database's shape: brought up to date by Alembic, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import bot.db.group
import bot.db.learning
import bot.db.linking
import bot.db.operating
import bot.db.placetables
import bot.db.setaside  # noqa: F401  (their tables belong to the metadata)

FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 4_207_001
"""PostgreSQL advisory lock: of two processes migrating at once, one waits and finds it done."""


class TooNew(Exception):
    """The database was brought up to date by a newer version of the program."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to ``revision`` in one transaction. Raises TooNew; nothing is changed."""
    if (found := current(engine)) is not None and not knows(found):
        raise TooNew(
            f"数据库是更新的版本（结构 {found}）。请用新版本的程序；"
            "要退回旧版本，请用升级前的备份恢复（youjun restore）"
        )
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to an earlier ``revision``."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """The revision the database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The revision this version of the program needs."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config).get_current_head()


def knows(revision: str) -> bool:
    """Whether this version of the program has a migration to ``revision``."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return revision in {one.revision for one in scripts}


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
