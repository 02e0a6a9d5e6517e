"""Cause, turning point, churn risk, and the standing score whole."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables up."""
    for name, kind in _COLUMNS:
        op.add_column("tracked_ticket", sa.Column(name, kind, nullable=True))
    op.create_table(
        "cause_example",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("cause_class", sa.String(length=64), nullable=False),
        sa.Column("sealed_hashes", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_cause_example_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_cause_example_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cause_example"),
        sa.UniqueConstraint("tracked_id", name="uq_cause_example_ticket"),
    )
    _row_policy()


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("p_satisfied_now", sa.Double()),
    ("trend", sa.Double()),
    ("base_logit", sa.Double()),
    ("p_uncalibrated", sa.Double()),
    ("model", sa.String(length=80)),
    ("calibrated", sa.Boolean()),
    ("factors", JSON),
    ("sealed_reasons", sa.LargeBinary()),
    ("cause_class", sa.String(length=64)),
    ("cause_confidence", sa.Double()),
    ("cause_by", sa.String(length=100)),
    (
        "fault_side",
        sa.Enum("platform", "vendor", "courier", "customer", "unknown", name="faultside", native_enum=False, length=32),
    ),
    ("fault_by", sa.String(length=100)),
    ("vendor", sa.String(length=100)),
    ("vendor_source", sa.String(length=16)),
    ("churn_risk", sa.Double()),
    ("turning_message_id", sa.String(length=64)),
    ("turning_ticket_id", sa.String(length=64)),
    ("language", sa.String(length=35)),
    ("resolution", sa.Double()),
    ("insight", JSON),
    ("sealed_insight", sa.LargeBinary()),
)


def _row_policy() -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute("ALTER TABLE cause_example ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE cause_example FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON cause_example USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
