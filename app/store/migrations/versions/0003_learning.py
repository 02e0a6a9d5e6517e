"""Models learned from ratings, and labels for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

#: Tables whose rows belong to one desk.
OF_A_DESK = ("example", "label", "learned_model", "training")


def upgrade() -> None:
    """Bring the tables up."""
    _example()
    _label()
    _learned_model()
    _training()
    _row_policies()


def _example() -> None:
    op.create_table(
        "example",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("rating_id", ID, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("customer_turns", sa.Integer(), nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_example_desk_id"),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name="fk_example_rating_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_example_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_example"),
        sa.UniqueConstraint("tracked_id", name="uq_example_ticket"),
    )
    op.create_index("ix_example_at", "example", ["desk_id", "at", "id"])


def _label() -> None:
    op.create_table(
        "label",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("score_id", ID, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_label_desk_id"),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], name="fk_label_score_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_label_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.UniqueConstraint("score_id", "by", name="uq_label_person"),
    )
    op.create_index("ix_label_at", "label", ["desk_id", "at", "id"])


def _learned_model() -> None:
    states = ("champion", "challenger", "refused", "retired")
    op.create_table(
        "learned_model",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rung", sa.String(length=16), nullable=False),
        sa.Column("prior", sa.String(length=80), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("state", sa.Enum(*states, name="modelstate", native_enum=False, length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trained_at", TIME, nullable=False),
        sa.Column("promoted_at", TIME, nullable=True),
        sa.Column("promoted_by", sa.String(length=254), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_learned_model_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_learned_model"),
        sa.UniqueConstraint("desk_id", "version", name="uq_learned_model_version"),
    )


def _training() -> None:
    op.create_table(
        "training",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("fence", ID, nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("asked_at", TIME, nullable=True),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_training_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
        sa.UniqueConstraint("desk_id", name="uq_training_desk"),
    )


def _row_policies() -> None:
    """As for the first tables: a row is only there for its own desk's transactions, or for a named purpose."""
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    for table in OF_A_DESK:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
