"""gaps, answer receipts, weekly digests

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    old = _questions("gap")
    op.drop_table("gap")
    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gap_state", "gap", ["state"])
    unanswered = op.create_table(
        "unanswered",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gap", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("near", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gap"], ["gap.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_unanswered_gap", "unanswered", ["gap", "at"])
    op.create_index("ix_unanswered_at", "unanswered", ["at"])
    for row in old:  # what was plain is kept encrypted from now on
        row["question"] = _cipher().encrypt(row["question"].encode()).decode()
    op.bulk_insert(unanswered, [row | {"county": "", "near": ""} for row in old])
    op.create_table(
        "wording",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("assured_on", sa.Date(), nullable=True),
        sa.Column("wording", sa.String(), nullable=True),
        sa.Column("ticket_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_receipt_month", "receipt", ["at", "status"])
    op.add_column("ticket", sa.Column("receipt", sa.Integer(), nullable=True))
    op.create_table(
        "weeklydigest",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week"),
    )


def downgrade() -> None:
    op.drop_column("ticket", "receipt")
    old = _questions("unanswered")
    for table in ("weeklydigest", "receipt", "wording", "unanswered", "gap"):
        op.drop_table(table)
    gap = op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gap_at", "gap", ["at"])
    for row in old:
        row["question"] = _cipher().decrypt(row["question"]).decode()
    op.bulk_insert(gap, old)


def _questions(table: str) -> list[dict[str, Any]]:
    columns = sa.table(
        table,
        sa.column("question", sa.Text()),
        sa.column("status", sa.String()),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    found = op.get_bind().execute(sa.select(columns)).mappings()
    return [dict(row) for row in found]


def _cipher() -> Any:
    return op.get_bind().dialect.cipher  # type: ignore[attr-defined]
