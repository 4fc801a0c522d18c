"""the outbox by channel, with indexes of what waits alone

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHANNEL = {
    "sqlite": "substr(contact, 1, instr(contact, ':') - 1)",
    "postgresql": "split_part(contact, ':', 1)",
}
_QUEUED = sa.text("status = 'queued'")


def upgrade() -> None:
    op.add_column("message", sa.Column("channel", sa.String(), nullable=True))
    of_contact = sa.text(_CHANNEL[op.get_bind().dialect.name])
    message = sa.table("message", sa.column("channel", sa.String()))
    op.execute(sa.update(message).values(channel=of_contact))
    with op.batch_alter_table("message") as table:
        table.alter_column("channel", existing_type=sa.String(), nullable=False)
        table.drop_index("ix_message_due")
    for name, first, second in (
        ("ix_message_due", "channel", "due_at"),
        ("ix_message_ahead", "contact", "id"),
    ):
        op.create_index(
            name, "message", [first, second], postgresql_where=_QUEUED, sqlite_where=_QUEUED
        )


def downgrade() -> None:
    with op.batch_alter_table("message") as table:
        table.drop_index("ix_message_ahead")
        table.drop_index("ix_message_due")
        table.drop_column("channel")
        table.create_index("ix_message_due", ["status", "due_at"])
