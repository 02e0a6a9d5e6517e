"""The table of evaluations: the facts of every look, to be replayed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "evaluation",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("ticket", JSON, nullable=False),
        sa.Column("in_force", JSON, nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_evaluation_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_evaluation_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation"),
    )
    op.create_index("ix_evaluation_at", "evaluation", ["desk_id", "at"])
    op.create_index("ix_evaluation_ticket", "evaluation", ["tracked_id", "id"])
    _row_policy()


def _row_policy() -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute("ALTER TABLE evaluation ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE evaluation FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON evaluation USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
