"""sign-in: one-time codes, and guesses counted by account, browser and network

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column(
        "staff", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("staff", sa.Column("recovery", sa.Text(), nullable=True))
    op.drop_column("staff", "failures")
    op.drop_column("staff", "locked_until")


def downgrade() -> None:
    op.add_column("staff", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("staff", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("staff", "recovery")
    op.drop_column("staff", "totp_step")
    op.drop_column("staff", "totp_secret")
    op.drop_table("attempts")
