"""How far a desk's history was walked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    for name, kind in _COLUMNS:
        op.add_column("tracked_ticket", sa.Column(name, kind, nullable=True))
    for name, columns in _TABLES.items():
        op.create_table(
            name,
            sa.Column("desk_id", ID, nullable=False),
            sa.Column("id", ID, nullable=False),
            *(sa.Column(column, kind, nullable=nullable) for column, kind, nullable in columns),
            sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=f"fk_{name}_desk_id"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sa.UniqueConstraint(*_UNIQUE[name][1:], name=_UNIQUE[name][0]),
        )
        _row_policy(name)


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("changed_at", MOMENT),
    ("written_at", MOMENT),
    ("rating_dirty", ID),
    ("missed_stamp", sa.String(length=128)),
    ("imported_at", MOMENT),
)

#: Table -> (column, type, may be missing).
_TABLES: dict[str, tuple[tuple[str, Any, bool], ...]] = {
    "reconcile": (
        ("began_at", MOMENT, False),
        ("cursor", sa.String(length=2000), True),
        ("rated_cursor", sa.String(length=2000), True),
        ("rated_since", MOMENT, True),
        ("fence", sa.Integer(), False),
        ("lease_until", MOMENT, True),
        ("due_at", MOMENT, False),
        ("arrived_at", MOMENT, True),
        ("error", sa.String(length=500), True),
    ),
    "webhook_gap": (
        ("day", sa.Date(), False),
        ("tickets", sa.Integer(), False),
        ("ratings", sa.Integer(), False),
        ("last_at", MOMENT, False),
    ),
    "backfill": (
        ("since", MOMENT, False),
        ("until", MOMENT, False),
        ("reached", MOMENT, False),
        ("cursor", sa.String(length=2000), True),
        ("imported", sa.Integer(), False),
        ("ratings", sa.Integer(), False),
        ("skipped", sa.Integer(), False),
        ("failed", sa.Integer(), False),
        ("seconds", sa.Double(), False),
        ("fence", sa.Integer(), False),
        ("lease_until", MOMENT, True),
        ("started_at", MOMENT, False),
        ("finished_at", MOMENT, True),
    ),
}

_UNIQUE = {
    "reconcile": ("uq_reconcile_desk", "desk_id"),
    "webhook_gap": ("uq_webhook_gap_day", "desk_id", "day"),
    "backfill": ("uq_backfill_desk", "desk_id"),
}


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
