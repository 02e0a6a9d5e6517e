"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: Tables whose rows belong to one desk.
OF_A_DESK = (
    "delivery",
    "launch",
    "person",
    "protocol",
    "refusal",
    "protocol_version",
    "tracked_ticket",
    "message",
    "rating",
    "score",
    "recovery_case",
    "decision",
    "invitation",
    "step",
    "answer",
)


def upgrade() -> None:
    _account()
    _desk()
    _sign_in_failure()
    _slot()
    _delivery()
    _launch()
    _membership()
    _person()
    _protocol()
    _refusal()
    _sign_in_link()
    _web_session()
    _protocol_version()
    _tracked_ticket()
    _message()
    _rating()
    _score()
    _recovery_case()
    _decision()
    _invitation()
    _step()
    _answer()
    _row_policies()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
    )


def _desk() -> None:
    op.create_table(
        "desk",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subdomain", sa.String(length=63), nullable=False),
        sa.Column("base_url", sa.String(length=300), nullable=True),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_webhook_secrets", sa.LargeBinary(), nullable=False),
        sa.Column("sidebar", JSON, nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("state", sa.Enum("active", "paused", name="deskstate", native_enum=False, length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("integration_user_id", sa.String(length=64), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk"),
        sa.UniqueConstraint("key", name="uq_desk_key"),
        sa.UniqueConstraint("name", name="uq_desk_name"),
    )


def _sign_in_failure() -> None:
    op.create_table(
        "sign_in_failure",
        sa.Column("id", ID, nullable=False),
        sa.Column("who_hash", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failure"),
        sa.UniqueConstraint("who_hash", name="uq_sign_in_failure_who"),
    )


def _slot() -> None:
    op.create_table(
        "slot",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_slot"),
        sa.UniqueConstraint("job", "slot_at", name="uq_slot"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=True),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "settled",
                "echo",
                "ignored",
                "refused",
                "dead",
                name="deliverystate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_delivery_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("desk_id", "event_id", name="uq_delivery_event"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_received", ["desk_id", "received_at"], unique=False)
        batch_op.create_index("ix_delivery_ticket", ["desk_id", "ticket_id", "state"], unique=False)


def _launch() -> None:
    op.create_table(
        "launch",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("token_id", sa.String(length=128), nullable=False),
        sa.Column("bearer_hash", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_launch_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_launch"),
        sa.UniqueConstraint("bearer_hash", name="uq_launch_bearer"),
        sa.UniqueConstraint("desk_id", "token_id", name="uq_launch_once"),
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("desk_id", ID, nullable=True),
        sa.Column("role", sa.Enum("agent", "lead", "admin", name="role", native_enum=False, length=32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_membership_account_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_membership_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("account_id", "desk_id", name="uq_membership"),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("helpdesk_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_email", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_person_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("desk_id", "helpdesk_id", name="uq_person_helpdesk"),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_email_hash", ["email_hash"], unique=False)


def _protocol() -> None:
    op.create_table(
        "protocol",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_protocol_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_protocol"),
        sa.UniqueConstraint("desk_id", "name", name="uq_protocol_name"),
    )


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("count", ID, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_refusal_desk_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refusal"),
        sa.UniqueConstraint("desk_id", "reason", name="uq_refusal_reason"),
    )


def _sign_in_link() -> None:
    op.create_table(
        "sign_in_link",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sign_in_link_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_link"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_link_token"),
    )


def _web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_web_session_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_web_session"),
        sa.UniqueConstraint("token_hash", name="uq_web_session_token"),
    )


def _protocol_version() -> None:
    op.create_table(
        "protocol_version",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("protocol_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "published", "retired", name="versionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("published_by", sa.String(length=254), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_protocol_version_desk_id"),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name="fk_protocol_version_protocol_id"),
        sa.PrimaryKeyConstraint("id", name="pk_protocol_version"),
        sa.UniqueConstraint("protocol_id", "number", name="uq_protocol_version_number"),
    )


def _tracked_ticket() -> None:
    op.create_table(
        "tracked_ticket",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("dirty", ID, nullable=False),
        sa.Column("done", ID, nullable=False),
        sa.Column("first_dirty_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rescore_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", ID, nullable=False),
        sa.Column("begun_fence", ID, nullable=False),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_subject", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("priority", sa.String(length=16), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("assignee_id", sa.String(length=64), nullable=True),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopens", ID, nullable=False),
        sa.Column("last_message_id", sa.String(length=64), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_running", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "good_improving",
                "good_worsening",
                "poor_improving",
                "poor_worsening",
                name="satstate",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("level", sa.Enum("good", "poor", name="level", native_enum=False, length=32), nullable=True),
        sa.Column(
            "direction",
            sa.Enum("none", "improving", "steady", "worsening", name="direction", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("p_satisfied", sa.Double(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unscored_reason", sa.String(length=200), nullable=True),
        sa.Column(
            "cause",
            sa.Enum(
                "shipping_delay",
                "wrong_item",
                "damaged_item",
                "product_fault",
                "billing",
                "cancellation",
                "service_contact",
                "platform",
                "unknown",
                name="cause",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("facts_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_tracked_ticket_desk_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_tracked_ticket_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tracked_ticket"),
        sa.UniqueConstraint("desk_id", "ticket_id", name="uq_tracked_ticket"),
    )
    with op.batch_alter_table("tracked_ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tracked_ticket_due",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("due_at IS NOT NULL"),
            sqlite_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_tracked_ticket_lease", ["lease_until"], unique=False)
        batch_op.create_index(
            "ix_tracked_ticket_rescore",
            ["rescore_at"],
            unique=False,
            postgresql_where=sa.text("rescore_at IS NOT NULL"),
            sqlite_where=sa.text("rescore_at IS NOT NULL"),
        )
        batch_op.create_index("ix_tracked_ticket_state", ["desk_id", "state"], unique=False)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_readings", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_message_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_message_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("tracked_id", "message_id", name="uq_message"),
    )


def _rating() -> None:
    op.create_table(
        "rating",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("rating_id", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("original", sa.String(length=64), nullable=False),
        sa.Column("scale", sa.String(length=32), nullable=False),
        sa.Column("sealed_comment", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee_id", sa.String(length=64), nullable=True),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_rating_desk_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_rating_person_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_rating_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rating"),
        sa.UniqueConstraint("desk_id", "rating_id", name="uq_rating"),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index("ix_rating_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_rating_tracked_id", ["tracked_id"], unique=False)


def _score() -> None:
    op.create_table(
        "score",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=True),
        sa.Column("because", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("p_satisfied", sa.Double(), nullable=False),
        sa.Column("p_satisfied_now", sa.Double(), nullable=False),
        sa.Column("trend", sa.Double(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("level", sa.Enum("good", "poor", name="level", native_enum=False, length=32), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("none", "improving", "steady", "worsening", name="direction", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "good_improving",
                "good_worsening",
                "poor_improving",
                "poor_worsening",
                name="satstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("base_logit", sa.Double(), nullable=False),
        sa.Column("p_uncalibrated", sa.Double(), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("calibrated", sa.Boolean(), nullable=False),
        sa.Column("sealed_reasons", sa.LargeBinary(), nullable=True),
        sa.Column("factors", JSON, nullable=False),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_score_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_score_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_score"),
        sa.UniqueConstraint("tracked_id", "message_id", name="uq_score_message"),
    )
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.create_index("ix_score_at", ["tracked_id", "at"], unique=False)


def _recovery_case() -> None:
    op.create_table(
        "recovery_case",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("open_key", ID, nullable=True),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "eligible",
                "held_out",
                "flagged",
                "assigned",
                "contacted",
                "resolved",
                "resurveyed",
                "recovered",
                "lost",
                "expired",
                name="casestage",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("arm", sa.Enum("treatment", "holdout", name="arm", native_enum=False, length=32), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "shipping_delay",
                "wrong_item",
                "damaged_item",
                "product_fault",
                "billing",
                "cancellation",
                "service_contact",
                "platform",
                "unknown",
                name="cause",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("opened_by", sa.String(length=32), nullable=False),
        sa.Column("opening_rating_id", ID, nullable=True),
        sa.Column("opening_score", sa.Integer(), nullable=True),
        sa.Column(
            "opening_state",
            sa.Enum(
                "good_improving",
                "good_worsening",
                "poor_improving",
                "poor_worsening",
                name="satstate",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("previous_group_id", sa.String(length=64), nullable=True),
        sa.Column("previous_assignee_id", sa.String(length=64), nullable=True),
        sa.Column("recovery_group_id", sa.String(length=64), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resurveyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_recovery_case_desk_id"),
        sa.ForeignKeyConstraint(["opening_rating_id"], ["rating.id"], name="fk_recovery_case_opening_rating_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_recovery_case_person_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_recovery_case_tracked_id"),
        sa.ForeignKeyConstraint(["version_id"], ["protocol_version.id"], name="fk_recovery_case_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_case"),
        sa.UniqueConstraint("open_key", name="uq_recovery_case_open"),
    )
    with op.batch_alter_table("recovery_case", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_case_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_recovery_case_stage", ["desk_id", "stage", "opened_at"], unique=False)
        batch_op.create_index("ix_recovery_case_tracked_id", ["tracked_id"], unique=False)


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "not_eligible",
                "already_open",
                "cooldown",
                "other_protocol",
                "no_capacity",
                "held_out",
                name="outcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_decision_case_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_decision_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_decision_tracked_id"),
        sa.ForeignKeyConstraint(["version_id"], ["protocol_version.id"], name="fk_decision_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_ticket", ["tracked_id", "version_id"], unique=False)


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("good_from", sa.Double(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "scheduled",
                "sending",
                "handed_over",
                "sent",
                "answered",
                "cancelled",
                "not_sent",
                "needs_review",
                "dead",
                name="invitationstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("marker", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", ID, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_invitation_case_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_invitation_desk_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_invitation_person_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_invitation_tracked_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("case_id", "kind", "round", name="uq_invitation_once"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token"),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index("ix_invitation_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_invitation_person_id", ["person_id"], unique=False)


def _step() -> None:
    op.create_table(
        "step",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("tracked_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("do", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "sending",
                "done",
                "skipped",
                "refused",
                "needs_review",
                "dead",
                name="stepstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("marker", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.String(length=128), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_step_case_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_step_desk_id"),
        sa.ForeignKeyConstraint(["tracked_id"], ["tracked_ticket.id"], name="fk_step_tracked_id"),
        sa.ForeignKeyConstraint(["version_id"], ["protocol_version.id"], name="fk_step_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint("case_id", "version_id", "action", "round", name="uq_step_once"),
        sa.UniqueConstraint("marker", name="uq_step_marker"),
    )
    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.create_index("ix_step_ticket", ["tracked_id", "state"], unique=False)


def _answer() -> None:
    op.create_table(
        "answer",
        sa.Column("desk_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("invitation_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("original", sa.String(length=16), nullable=False),
        sa.Column("sealed_comment", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name="fk_answer_case_id"),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_answer_desk_id"),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name="fk_answer_invitation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("invitation_id", name="uq_answer_invitation"),
    )
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index("ix_answer_case_id", ["case_id"], unique=False)


def _row_policies() -> None:
    """The second lock on PostgreSQL: a row is only there for a transaction of its own desk, or of a named purpose.

    Forced, so that it also holds for the role that owns the tables (superusers are beyond any policy).
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    desk = "desk_id = nullif(current_setting('kintsugi.desk', true), '')::bigint"
    purpose = "coalesce(current_setting('kintsugi.purpose', true), '') IN ('route', 'dispatch', 'sign_in', 'operate')"
    for table in OF_A_DESK:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_desk ON {table} USING ({desk} OR {purpose}) WITH CHECK ({desk} OR {purpose})")
