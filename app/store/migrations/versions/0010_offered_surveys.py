"""Invitations that go by the helpdesk's own survey."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATE = sa.Enum("wanted", "asked", "made", "not_here", name="offerstate", native_enum=False, length=32)


def upgrade() -> None:
    """Bring the tables up."""
    for column in (
        sa.Column("offer", STATE, nullable=True),
        sa.Column("offer_reason", sa.String(length=500), nullable=True),
        sa.Column("offer_id", sa.String(length=64), nullable=True),
        sa.Column("sealed_offer", sa.LargeBinary(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_tries", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("invitation", column)
    op.create_index("ix_invitation_offer", "invitation", ["desk_id", "offer_id"])
