"""places: imports, versions, checks

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placeimport",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("preview", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reverted_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_placeimport_state", "placeimport", ["state"], unique=False)
    op.create_table(
        "placeversion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["placeimport.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_placeversion_line", "placeversion", ["place_id", "id"], unique=False)
    op.create_index("ix_placeversion_import_id", "placeversion", ["import_id"], unique=False)
    op.create_table(
        "placecheck",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("substance", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_placecheck_place_id", "placecheck", ["place_id"], unique=False)
    op.create_index("ix_placecheck_at", "placecheck", ["at"], unique=False)
    op.create_table(
        "directorynumber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lists", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("directorynumber")
    op.drop_index("ix_placecheck_at", table_name="placecheck")
    op.drop_index("ix_placecheck_place_id", table_name="placecheck")
    op.drop_table("placecheck")
    op.drop_index("ix_placeversion_import_id", table_name="placeversion")
    op.drop_index("ix_placeversion_line", table_name="placeversion")
    op.drop_table("placeversion")
    op.drop_index("ix_placeimport_state", table_name="placeimport")
    op.drop_table("placeimport")
