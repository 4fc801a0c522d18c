"""several channels of one person

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("person", sa.String(), nullable=True))
    op.create_index("ix_conversation_person", "conversation", ["person"])
    op.create_table(
        "linkrequest",
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("claimant", sa.String(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contact"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_linkrequest_claimant", "linkrequest", ["claimant"])
    op.create_table(
        "linkguess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_linkguess_contact", "linkguess", ["contact"])
    op.create_index("ix_linkguess_at", "linkguess", ["at"])


def downgrade() -> None:
    op.drop_table("linkguess")
    op.drop_table("linkrequest")
    op.drop_index("ix_conversation_person", "conversation")
    op.drop_column("conversation", "person")
