"""groups of staff on Telegram: topics, links to the console, replies allowed or not

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "desk",
        sa.Column("telegram_replies", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "staffgroup",
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("moved_to", sa.BigInteger(), nullable=True),
        sa.Column("rest", sa.Boolean(), nullable=False),
        sa.Column("plain_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest_on", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("chat"),
    )
    op.create_table(
        "topic",
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thread", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("left", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("chat", "ticket_id"),
    )
    op.create_index("ix_topic_ticket_id", "topic", ["ticket_id"])
    op.create_table(
        "consolelink",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consolelink_ticket_id", "consolelink", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("consolelink")
    op.drop_table("topic")
    op.drop_table("staffgroup")
    op.drop_column("desk", "telegram_replies")
