"""Tables of rollbacks, and of who put which version in force and why."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    _table(
        "protocol_event",
        _to("protocol", nullable=False),
        _to("version", "protocol_version"),
        _to("previous", "protocol_version"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_protocol_event_protocol", "protocol_event", ["protocol_id", "id"])
    _table(
        "rollback",
        _to("protocol", nullable=False),
        _to("to_version", "protocol_version"),
        sa.Column("withdrawn", JSON, nullable=False),
        sa.Column("undo", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    _table(
        "rollback_ticket",
        _to("rollback", nullable=False),
        _to("tracked", "tracked_ticket", nullable=False),
        _to("step", nullable=False),
        sa.Column("reverted", JSON, nullable=False),
        sa.Column("kept", JSON, nullable=False),
        sa.UniqueConstraint("rollback_id", "tracked_id", name="uq_rollback_ticket"),
        sa.UniqueConstraint("step_id", name="uq_rollback_ticket_step"),
    )
    op.create_index("ix_rollback_protocol", "rollback", ["protocol_id", "id"])
    op.add_column("recovery_case", sa.Column("taken_back_at", MOMENT, nullable=True))
    op.create_index("ix_step_version", "step", ["version_id", "tracked_id"])


def _to(name: str, table: str | None = None, *, nullable: bool = True) -> tuple[sa.Column[Any], str]:
    """A column that refers to another table, and that table."""
    return sa.Column(f"{name}_id", ID, nullable=nullable), table or name


def _table(name: str, *columns: Any) -> None:
    plain = [one for one in columns if not isinstance(one, tuple)]
    referring = [one for one in columns if isinstance(one, tuple)]
    op.create_table(
        name,
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(column for column, _ in referring),
        *plain,
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=f"fk_{name}_desk_id"),
        *(
            sa.ForeignKeyConstraint([column.name], [f"{table}.id"], name=f"fk_{name}_{column.name}")
            for column, table in referring
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    _row_policy(name)


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
