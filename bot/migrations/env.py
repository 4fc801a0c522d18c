"""Alembic's entry: the connection is handed over by ``bot.db.schema``."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

import bot.db.desk
import bot.db.group
import bot.db.learning
import bot.db.linking
import bot.db.operating
import bot.db.placetables
import bot.db.setaside
import bot.db.tables  # noqa: F401  (fills the metadata)

_PLAIN = {
    "Utc": "sa.DateTime(timezone=True)",
    "EncryptedText": "sa.Text()",
    "EncryptedJson": "sa.Text()",
    "AutoString": "sa.String()",
}


def _render(kind: str, obj: Any, _context: Any) -> str | Literal[False]:
    """Our column types by what the database sees, so that a migration outlives our classes."""
    return _PLAIN.get(type(obj).__name__, False) if kind == "type" else False


def _run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite cannot alter a column in place
        compare_type=True,
        render_item=_render,
    )
    context.run_migrations()


_run()
