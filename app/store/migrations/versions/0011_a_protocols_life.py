"""Versions that run on a share of tickets or in the shadow, and steps and cases with owners, deadlines and changes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("protocol_version", sa.Column("share", sa.Double(), nullable=True))
    op.add_column("decision", sa.Column("shadow", sa.Boolean(), nullable=False, server_default=sa.false()))
    for column in (
        sa.Column("owner_id", sa.String(length=64), nullable=True),
        sa.Column("touch_due_at", MOMENT, nullable=True),
        sa.Column("recover_due_at", MOMENT, nullable=True),
        sa.Column("touch_missed_at", MOMENT, nullable=True),
        sa.Column("recover_missed_at", MOMENT, nullable=True),
    ):
        op.add_column("recovery_case", column)
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("missed_at", MOMENT, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("done_by", sa.String(length=254), nullable=True),
        sa.Column("change", JSON, nullable=True),
    )
    for added in columns:
        op.add_column("step", added)
    op.create_index("ix_step_due", "step", ["desk_id", "state", "due_at"])
