"""the index of earlier replies serves one question only

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replace("lower(status) = 'queued'")


def downgrade() -> None:
    _replace("status = 'queued'")


def _replace(condition: str) -> None:
    op.drop_index("ix_message_ahead", table_name="message")
    where = sa.text(condition)
    op.create_index(
        "ix_message_ahead",
        "message",
        ["contact", "id"],
        postgresql_where=where,
        sqlite_where=where,
    )
