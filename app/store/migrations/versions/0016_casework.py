"""Tables of casework."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("recovery_case", sa.Column("halted_at", MOMENT, nullable=True))
    op.add_column("recovery_case", sa.Column("halted_because", sa.String(length=200), nullable=True))
    op.create_index("ix_recovery_case_opened", "recovery_case", ["desk_id", "version_id", "opened_at"])
    op.create_index("ix_recovery_case_closed", "recovery_case", ["desk_id", "version_id", "closed_at"])
    op.drop_index("ix_assignment_agent", "assignment")
    op.create_index("ix_assignment_at", "assignment", ["desk_id", "at"])
    _deferrals()
    _deviations()
    _overrides()
    for table in ("deferral", "deviation", "human_override"):
        _row_policy(table)


def _deferrals() -> None:
    op.create_table(
        "deferral",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("protocol_id", ID, nullable=False),
        sa.Column("benefit", sa.Double(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_deferral_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_deferral_tracked_id"),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name="fk_deferral_protocol_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deferral"),
        sa.UniqueConstraint("tracked_id", name="uq_deferral_ticket"),
    )
    op.create_index("ix_deferral_protocol", "deferral", ["desk_id", "protocol_id", "benefit"])


def _deviations() -> None:
    op.create_table(
        "deviation",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("step_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_deviation_desk_id"),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_deviation_case_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_deviation_step_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deviation"),
    )
    op.create_index("ix_deviation_case_id", "deviation", ["case_id"])


def _overrides() -> None:
    op.create_table(
        "human_override",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("step_id", ID, nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("ours", sa.String(length=200), nullable=True),
        sa.Column("theirs", sa.String(length=200), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_human_override_desk_id"),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_human_override_case_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_human_override_step_id"),
        sa.PrimaryKeyConstraint("id", name="pk_human_override"),
        sa.UniqueConstraint("step_id", "field", name="uq_human_override"),
    )
    op.create_index("ix_human_override_case_id", "human_override", ["case_id"])


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
