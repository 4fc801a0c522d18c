"""more columns encrypted; when somebody asked to be forgotten; the signing secret

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.fernet import MultiFernet

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_JSON = (("message", "id", "extras"), ("conversation", "contact", "memory"))
_TEXT = (("feedback", "id", "reason"),)
_AT_ONCE = 1000


def upgrade() -> None:
    for table, _key, column in _JSON:
        with op.batch_alter_table(table) as changed:
            changed.alter_column(
                column, type_=sa.Text(), existing_type=sa.JSON(), postgresql_using=f"{column}::text"
            )
    with op.batch_alter_table("feedback") as changed:
        changed.alter_column("reason", type_=sa.Text(), existing_type=sa.String())
    op.add_column("message", sa.Column("occasion", sa.String(), nullable=True))
    _remember_occasions()
    cipher = _cipher()
    for where in (*_JSON, *_TEXT):
        _rewrite(*where, lambda clear: _sealed(cipher, clear))
    op.add_column(
        "conversation", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("secret")
    cipher = _cipher()
    for where in _JSON:
        _rewrite(*where, lambda kept: _opened(cipher, kept) or "{}")
    for where in _TEXT:
        _rewrite(*where, lambda kept: _opened(cipher, kept))
    for table, dropped in (("conversation", "forgotten_at"), ("message", "occasion")):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(dropped)
    for table, _key, column in _JSON:
        with op.batch_alter_table(table) as changed:
            changed.alter_column(
                column, type_=sa.JSON(), existing_type=sa.Text(), postgresql_using=f"{column}::json"
            )
    with op.batch_alter_table("feedback") as changed:
        changed.alter_column("reason", type_=sa.String(), existing_type=sa.Text())


def _cipher() -> MultiFernet:
    cipher: MultiFernet = op.get_bind().dialect.cipher  # type: ignore[attr-defined]
    return cipher


def _sealed(cipher: MultiFernet, clear: str) -> str:
    return cipher.encrypt(clear.encode()).decode() if clear not in ("", "{}") else ""


def _opened(cipher: MultiFernet, kept: str) -> str:
    return cipher.decrypt(kept).decode() if kept else ""


def _remember_occasions() -> None:
    """Those few handed over lately may be asked for again."""
    message = sa.table("message", sa.column("id"), sa.column("extras"), sa.column("occasion"))
    found = sa.select(message.c.id, message.c.extras).where(message.c.extras.contains('"occasion"'))
    for id, extras in op.get_bind().execute(found).all():
        occasion = json.loads(extras).get("occasion")
        op.execute(sa.update(message).where(message.c.id == id).values(occasion=occasion))


def _rewrite(name: str, key_name: str, column: str, change: Callable[[str], str]) -> None:
    """Change every value of a column, in portions."""
    table = sa.table(name, sa.column(key_name), sa.column(column))
    key, value = table.c[key_name], table.c[column]
    changed = sa.update(table).where(key == sa.bindparam("k")).values({column: sa.bindparam("v")})
    query, last = sa.select(key, value).order_by(key).limit(_AT_ONCE), None
    while rows := _portion(query if last is None else query.where(key > last)):
        op.get_bind().execute(changed, [{"k": one, "v": change(kept)} for one, kept in rows])
        last = rows[-1][0]


def _portion(query: sa.Select[Any]) -> list[tuple[Any, str]]:
    return [(key, value) for key, value in op.get_bind().execute(query).all()]
