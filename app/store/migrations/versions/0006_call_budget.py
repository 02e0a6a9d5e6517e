"""Sweeps: while a desk has more due than single reads allow, one worker at a time reads its tickets in bulk.

What a sweep writes in bulk has no receipt, so its ticket remembers when that was, until another bulk read has found it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("desk", sa.Column("sweep_until", sa.DateTime(timezone=True), nullable=True))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("desk", sa.Column("sweep_fence", number, nullable=False, server_default="0"))
    op.add_column("tracked_ticket", sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True))
