"""Who sees to a case in the queue, until when it is out of sight, and when an open ticket will turn poor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up. No table is new, so there is no row policy to add."""
    for column in (
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("held_since", MOMENT, nullable=True),
        sa.Column("snoozed_until", MOMENT, nullable=True),
        sa.Column("snoozed_at", MOMENT, nullable=True),
        sa.Column("snoozed_by", sa.String(length=100), nullable=True),
        sa.Column("sealed_snooze_reason", sa.LargeBinary(), nullable=True),
        sa.Column("handling_version", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("recovery_case", column)
    op.add_column("tracked_ticket", sa.Column("turns_poor_at", MOMENT, nullable=True))
    op.create_index("ix_tracked_ticket_outlook", "tracked_ticket", ["desk_id", "state", "status"])
    is_open = sa.text("open_key IS NOT NULL")
    op.create_index(
        "ix_recovery_case_queue", "recovery_case", ["desk_id"], postgresql_where=is_open, sqlite_where=is_open
    )
