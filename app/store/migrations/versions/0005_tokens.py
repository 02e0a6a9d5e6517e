"""What renews the access of a desk, and consents that are under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "desk_access",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("sealed_tokens", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("generation", ID, nullable=False),
        sa.Column("fence", ID, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("unsettled", sa.Integer(), nullable=False),
        sa.Column("renewed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_desk_access_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_desk_access"),
        sa.UniqueConstraint("desk_id", name="uq_desk_access_desk"),
    )
    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("desk_id", ID, nullable=True),
        sa.Column("sealed_plan", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_consent_account_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_consent_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("state_hash", name="uq_consent_state"),
    )
    _row_policy()


def _row_policy() -> None:
    """The second lock on PostgreSQL, as in the first revision. A consent belongs to a person, as a session does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute("ALTER TABLE desk_access ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE desk_access FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON desk_access USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
