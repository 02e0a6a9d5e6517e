"""What became of tickets and people."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    for table, name, kind in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_table(
        "participant",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("helpdesk_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_running", sa.LargeBinary(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("p_satisfied", sa.Double(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_participant_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_participant_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("tracked_id", "helpdesk_id", name="uq_participant"),
    )
    op.create_table(
        "erased_person",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("who_hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_erased_person_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erased_person"),
        sa.UniqueConstraint("desk_id", "who_hash", name="uq_erased_person_who"),
    )
    for table in ("participant", "erased_person"):
        _row_policy(table)


_COLUMNS: tuple[tuple[str, str, Any], ...] = (
    ("tracked_ticket", "brand_id", sa.String(length=64)),
    ("tracked_ticket", "merged_into", sa.String(length=64)),
    ("tracked_ticket", "follow_up_of", sa.String(length=64)),
    ("tracked_ticket", "gone_at", MOMENT),
    ("tracked_ticket", "erased_at", MOMENT),
    ("recovery_case", "moved_from", sa.String(length=64)),
    ("recovery_case", "follow_up_ticket_id", sa.String(length=64)),
)


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
