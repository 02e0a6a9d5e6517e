"""Tables of people: what they did, and the tokens of their programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables up."""
    _audit_entries()
    _api_tokens()
    op.add_column("web_session", sa.Column("browser", sa.String(length=200), nullable=True))
    op.add_column("account", sa.Column("subject_hash", sa.String(length=64), nullable=True))
    op.create_index("ix_account_subject_hash", "account", ["subject_hash"], unique=True)
    for table in ("audit_entry", "api_token"):
        _row_policy(table)


def _audit_entries() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("did", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("detail", JSON, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_audit_entry_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["desk_id", "at"])
    op.create_index("ix_audit_entry_what", "audit_entry", ["desk_id", "what"])


def _api_tokens() -> None:
    op.create_table(
        "api_token",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_api_token_desk_id"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_api_token_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token"),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"])


def _row_policy(table: str) -> None:
    """The second lock on PostgreSQL, as in the first revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
