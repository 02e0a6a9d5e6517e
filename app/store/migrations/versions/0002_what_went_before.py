"""What tickets and people went through before."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables up."""
    for name, kind in _TICKET_COLUMNS:
        op.add_column("tracked_ticket", sa.Column(name, kind, nullable=True))
    for name in ("reassignments", "earlier_failures"):
        op.add_column("tracked_ticket", sa.Column(name, ID, nullable=False, server_default="0"))
    op.create_index("ix_tracked_ticket_person", "tracked_ticket", ["person_id", "scored_at"])
    op.create_index("ix_tracked_ticket_organization", "tracked_ticket", ["desk_id", "organization_id", "scored_at"])
    unscored = sa.text("scored_at IS NULL")
    op.create_index(
        "ix_tracked_ticket_unscored",
        "tracked_ticket",
        ["desk_id"],
        postgresql_where=unscored,
        sqlite_where=unscored,
    )
    op.add_column("rating", sa.Column("organization_id", sa.String(length=64), nullable=True))
    op.create_index("ix_rating_organization", "rating", ["desk_id", "organization_id", "at"])
    op.add_column("desk", sa.Column("usual", JSON, nullable=True))


_TICKET_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("organization_id", sa.String(length=64)),
    ("hold_minutes", sa.Double()),
    ("vendor_field", sa.String(length=100)),
    ("lowest_p", sa.Double()),
    ("lowest_at", sa.DateTime(timezone=True)),
    ("failed_at", sa.DateTime(timezone=True)),
    ("topic", JSON),
)
