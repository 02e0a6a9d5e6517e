"""Tables of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up. Both belong to callers, who may work on several desks: there is no row policy to add."""
    op.create_table(
        "call_count",
        sa.Column("id", ID, nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("window_at", MOMENT, nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_call_count"),
        sa.UniqueConstraint("caller", name="uq_call_count_caller"),
    )
    op.create_table(
        "call_answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("desk_id", ID, nullable=True),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_call_answer_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_call_answer"),
        sa.UniqueConstraint("caller", "key_hash", name="uq_call_answer_key"),
    )
    op.create_index("ix_call_answer_begun_at", "call_answer", ["begun_at"])
