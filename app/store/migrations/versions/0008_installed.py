"""What was made at the helpdesk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "installed_thing",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("thing", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_installed_thing_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_installed_thing"),
        sa.UniqueConstraint("desk_id", "thing", "key", name="uq_installed_thing_key"),
    )
    _row_policy()


def _row_policy() -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute("ALTER TABLE installed_thing ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE installed_thing FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_desk ON installed_thing USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})"
    )
