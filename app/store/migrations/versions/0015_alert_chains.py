"""Tables of alert chains and of vendor items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    _create_calls()
    _create_vendor_items()
    for table in ("alert_call", "vendor_item"):
        _row_policy(table)


def _create_calls() -> None:
    op.create_table(
        "alert_call",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("step_id", ID, nullable=False),
        sa.Column("chain_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.String(length=254), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_alert_call_desk_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_alert_call_step_id"),
        sa.ForeignKeyConstraint(["chain_id"], ["step.id"], name="fk_alert_call_chain_id"),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_alert_call_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_call"),
        sa.UniqueConstraint("step_id", name="uq_alert_call_step"),
        sa.UniqueConstraint("token_hash", name="uq_alert_call_token"),
    )
    op.create_index("ix_alert_call_due", "alert_call", ["desk_id", "settled_at", "due_at"])
    op.create_index("ix_alert_call_chain", "alert_call", ["chain_id", "position"])
    op.create_index("ix_alert_call_case_id", "alert_call", ["case_id"])


def _create_vendor_items() -> None:
    op.create_table(
        "vendor_item",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("step_id", ID, nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=True),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_vendor_item_desk_id"),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_vendor_item_case_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_vendor_item_step_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vendor_item"),
        sa.UniqueConstraint("step_id", name="uq_vendor_item_step"),
    )
    op.create_index("ix_vendor_item_ticket", "vendor_item", ["desk_id", "ticket_id"])
    op.create_index("ix_vendor_item_case_id", "vendor_item", ["case_id"])


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
