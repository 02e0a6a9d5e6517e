"""Tables of teams, and what the helpdesk's fields say of a customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("tracked_ticket", sa.Column("customer_tier", sa.String(length=100), nullable=True))
    op.add_column("tracked_ticket", sa.Column("customer_value", sa.Double(), nullable=True))
    op.add_column("tracked_ticket", sa.Column("organization", sa.String(length=200), nullable=True))
    _create_teams()
    _create_members()
    _create_assignments()
    for table in ("team", "member", "assignment"):
        _row_policy(table)


def _create_teams() -> None:
    op.create_table(
        "team",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("calendar", JSON, nullable=True),
        sa.Column("lead_ids", JSON, nullable=False),
        sa.Column("member_ids", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_team_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
        sa.UniqueConstraint("desk_id", "group_id", name="uq_team_group"),
    )


def _create_members() -> None:
    op.create_table(
        "member",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("senior", sa.Boolean(), nullable=False),
        sa.Column("calendar", JSON, nullable=True),
        sa.Column("away_from", MOMENT, nullable=True),
        sa.Column("away_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_member_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("desk_id", "agent_id", name="uq_member_agent"),
    )


def _create_assignments() -> None:
    op.create_table(
        "assignment",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("step_id", ID, nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("load", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_assignment_desk_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_assignment_step_id"),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
        sa.UniqueConstraint("step_id", name="uq_assignment_step"),
    )
    op.create_index("ix_assignment_agent", "assignment", ["desk_id", "agent_id", "at"])


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
