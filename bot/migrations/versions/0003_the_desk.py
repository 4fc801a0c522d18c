"""the desk

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-23 17:35:56.597479
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chainhead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("county", sa.String(), nullable=True),
        sa.Column("town", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("telegram_group", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["desk.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_parent"), ["parent"], unique=False)

    op.create_table(
        "deskrules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "canned",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=True),
        sa.Column("author", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reviewer"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("desk", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["desk"],
            ["desk.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("staff", "desk", "role"),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_desk"), ["desk"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_staff"), ["staff"], unique=False)

    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index("ix_alarm_due", ["fired_at", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alarm_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_contact"), ["contact"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_inbox", ["staff", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "presence",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("ticket_id", "staff"),
    )
    op.create_table(
        "writtendraft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_id", "staff", "kind"),
    )
    with op.batch_alter_table("writtendraft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_writtendraft_ticket_id"), ["ticket_id"], unique=False)

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("away_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("away_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column(
            "telegram_id", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=True
        )

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("desk", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("resolve_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("paused_minutes", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("queue_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("waits_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("phone_hash", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("relation", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("merged_into", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("follows", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rating", sa.String(), nullable=True))
        batch_op.create_index("ix_ticket_county_queue", ["county", "queue_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_desk"), ["desk"], unique=False)
        batch_op.create_index("ix_ticket_owner_queue", ["owner", "queue_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_phone_hash"), ["phone_hash"], unique=False)
        batch_op.create_index("ix_ticket_queue", ["queue_at"], unique=False)
        batch_op.create_index("ix_ticket_resolved", ["resolved_at"], unique=False)
        batch_op.create_foreign_key("ticket_desk_fkey", "desk", ["desk"], ["id"])

    with op.batch_alter_table("ticketevent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("salt", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("digest", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("link", sa.String(), nullable=False, server_default=""))
        batch_op.alter_column("ticket_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(batch_op.f("ix_ticketevent_seq"), ["seq"], unique=True)

    # Its row is the queue of all writers: it must be there before the first two meet.
    op.bulk_insert(
        sa.table(
            "chainhead",
            sa.column("id", sa.Integer),
            sa.column("seq", sa.Integer),
            sa.column("link", sa.String),
        ),
        [{"id": 1, "seq": 0, "link": "0" * 64}],
    )
    # Open tickets of before get their place in the queue: the promise that is open.
    op.execute("UPDATE ticket SET queue_at = due_at WHERE resolved_at IS NULL")


def downgrade() -> None:
    op.execute("DELETE FROM ticketevent WHERE ticket_id IS NULL")
    with op.batch_alter_table("ticketevent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticketevent_seq"))
        batch_op.alter_column("ticket_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("link")
        batch_op.drop_column("digest")
        batch_op.drop_column("salt")
        batch_op.drop_column("seq")

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_constraint("ticket_desk_fkey", type_="foreignkey")
        batch_op.drop_index("ix_ticket_resolved")
        batch_op.drop_index("ix_ticket_queue")
        batch_op.drop_index(batch_op.f("ix_ticket_phone_hash"))
        batch_op.drop_index("ix_ticket_owner_queue")
        batch_op.drop_index(batch_op.f("ix_ticket_desk"))
        batch_op.drop_index("ix_ticket_county_queue")
        batch_op.drop_column("rating")
        batch_op.drop_column("objected_at")
        batch_op.drop_column("follows")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("relation")
        batch_op.drop_column("phone_hash")
        batch_op.drop_column("acted_at")
        batch_op.drop_column("waits_from")
        batch_op.drop_column("queue_at")
        batch_op.drop_column("paused_minutes")
        batch_op.drop_column("paused_at")
        batch_op.drop_column("resolve_due_at")
        batch_op.drop_column("next_due_at")
        batch_op.drop_column("asked_at")
        batch_op.drop_column("desk")

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.alter_column(
            "telegram_id", existing_type=sa.BigInteger(), type_=sa.INTEGER(), existing_nullable=True
        )
        batch_op.drop_column("away_until")
        batch_op.drop_column("away_from")

    with op.batch_alter_table("writtendraft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_writtendraft_ticket_id"))

    op.drop_table("writtendraft")
    op.drop_table("presence")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_ticket_id"))
        batch_op.drop_index("ix_notice_inbox")

    op.drop_table("notice")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_contact"))

    op.drop_table("attachment")
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarm_ticket_id"))
        batch_op.drop_index("ix_alarm_due")

    op.drop_table("alarm")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_staff"))
        batch_op.drop_index(batch_op.f("ix_membership_desk"))

    op.drop_table("membership")
    op.drop_table("canned")
    op.drop_table("deskrules")
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_parent"))

    op.drop_table("desk")
    op.drop_table("chainhead")
