"""Sweeps: while a desk has more due than single reads allow, one worker at a time reads its tickets in bulk."""

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
