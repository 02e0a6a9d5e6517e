"""The tables. Types from annotations, constraints named; no behaviour beyond properties.

Customers' words and secrets are in `sealed_...` columns and are opened by the module of their noun. Every table of a
desk carries `desk_id` itself, so that a query (and on PostgreSQL a row policy) can hold on to it.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.words import Arm, CaseStage, Cause, Direction, Level, Outcome, SatState


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite has no time zones and would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class DeliveryState(enum.StrEnum):
    RECEIVED = "received"
    SETTLED = "settled"
    ECHO = "echo"  # our own write, come back as an event
    IGNORED = "ignored"  # signed and sound, but nothing to look at: a test, an event about no ticket
    REFUSED = "refused"  # signed, but not something we can read
    DEAD = "dead"  # its ticket could not be handled; the reason is on the tracked ticket


class DeskState(enum.StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # credentials refused, or an admin paused it; deliveries are still stored


class StepState(enum.StrEnum):
    PLANNED = "planned"
    SENDING = "sending"  # the intent is committed; the call may or may not have happened
    DONE = "done"
    SKIPPED = "skipped"  # nothing to do any more
    REFUSED = "refused"  # the helpdesk said no, for good
    NEEDS_REVIEW = "needs_review"  # outcome unknown and not to be found out; a human decides
    DEAD = "dead"  # tried too often


class InvitationState(enum.StrEnum):
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HANDED_OVER = "handed_over"  # a step of the ticket posts it as a public comment
    SENT = "sent"
    ANSWERED = "answered"
    CANCELLED = "cancelled"
    NOT_SENT = "not_sent"  # suppressed; the reason says why
    NEEDS_REVIEW = "needs_review"
    DEAD = "dead"


class VersionState(enum.StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Role(enum.StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it as a class attribute of exactly this form
        int: Id,
        datetime: UtcDateTime,
        bytes: LargeBinary,
        dict[str, Any]: Json,
        list[Any]: Json,
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda e: [m.value for m in e],
        ),
    }


class DeskScoped:
    """Mixed into every table that belongs to a desk."""

    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), sort_order=-1)


class Desk(Base):
    """One connected helpdesk account."""

    __tablename__ = "desk"
    __table_args__ = (UniqueConstraint("key", name="uq_desk_key"), UniqueConstraint("name", name="uq_desk_name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    subdomain: Mapped[str] = mapped_column(String(63))
    base_url: Mapped[str | None] = mapped_column(String(300))
    sealed_credentials: Mapped[bytes]
    sealed_webhook_secrets: Mapped[bytes]  #: JSON list, newest first; two during a rotation
    sidebar: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: app_id, installation_id, public_key (PEM)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: tag prefix, lead's address, thresholds ...
    state: Mapped[DeskState] = mapped_column(default=DeskState.ACTIVE)
    reason: Mapped[str | None] = mapped_column(String(500))
    integration_user_id: Mapped[str | None] = mapped_column(String(64))
    blocked_until: Mapped[datetime | None]  #: the helpdesk asked us to wait; mechanism time
    last_delivery_at: Mapped[datetime | None]
    last_read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Refusal(DeskScoped, Base):
    """Requests that were turned away before anything of theirs was stored, counted by reason so that nobody can fill
    the database with them."""

    __tablename__ = "refusal"
    __table_args__ = (UniqueConstraint("desk_id", "reason", name="uq_refusal_reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Delivery(DeskScoped, Base):
    """One webhook request as received."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("desk_id", "event_id", name="uq_delivery_event"),
        Index("ix_delivery_ticket", "desk_id", "ticket_id", "state"),
        Index("ix_delivery_received", "desk_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(128))
    type: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[str | None] = mapped_column(String(64))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    sealed_body: Mapped[bytes | None]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.RECEIVED)
    reason: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Person(DeskScoped, Base):
    """A customer as the helpdesk knows them."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("desk_id", "helpdesk_id", name="uq_person_helpdesk"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    helpdesk_id: Mapped[str] = mapped_column(String(64))
    sealed_name: Mapped[bytes | None]
    sealed_email: Mapped[bytes | None]
    email_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    locale: Mapped[str | None] = mapped_column(String(35))
    suspended: Mapped[bool] = mapped_column(default=False)
    opted_out_at: Mapped[datetime | None]


class TrackedTicket(DeskScoped, Base):
    """A ticket under watch, and the unit of work: due, leased, fenced."""

    __tablename__ = "tracked_ticket"
    __table_args__ = (
        UniqueConstraint("desk_id", "ticket_id", name="uq_tracked_ticket"),
        Index(
            "ix_tracked_ticket_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_tracked_ticket_rescore",
            "rescore_at",
            postgresql_where=text("rescore_at IS NOT NULL"),
            sqlite_where=text("rescore_at IS NOT NULL"),
        ),
        Index("ix_tracked_ticket_lease", "lease_until"),
        Index("ix_tracked_ticket_state", "desk_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # Work: mechanism time, but for rescore_at.
    dirty: Mapped[int] = mapped_column(
        default=0
    )  #: counts events; one more than `done` means there is something to look at
    done: Mapped[int] = mapped_column(default=0)
    first_dirty_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    rescore_at: Mapped[datetime | None]  #: business time at which waiting alone changes the score
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))
    dead_at: Mapped[datetime | None]
    # The ticket as last read.
    sealed_subject: Mapped[bytes | None]
    status: Mapped[str | None] = mapped_column(String(16))
    priority: Mapped[str | None] = mapped_column(String(16))
    channel: Mapped[str | None] = mapped_column(String(32))
    group_id: Mapped[str | None] = mapped_column(String(64))
    assignee_id: Mapped[str | None] = mapped_column(String(64))
    tags: Mapped[list[Any]] = mapped_column(default=list)
    stamp: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime | None]  #: business time
    solved_at: Mapped[datetime | None]  #: business time
    reopens: Mapped[int] = mapped_column(default=0)
    last_message_id: Mapped[str | None] = mapped_column(String(64))
    read_at: Mapped[datetime | None]
    # The score as it stands.
    sealed_running: Mapped[bytes | None]  #: running aggregates with their evidence
    state: Mapped[SatState | None]
    level: Mapped[Level | None]
    direction: Mapped[Direction | None]
    score: Mapped[int | None] = mapped_column(Integer)
    p_satisfied: Mapped[float | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    state_since: Mapped[datetime | None]  #: business time
    scored_at: Mapped[datetime | None]  #: business time
    unscored_reason: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[Cause | None]
    facts_digest: Mapped[str | None] = mapped_column(String(64))


class Message(DeskScoped, Base):
    """One message of a ticket, with the readings made of it once."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("tracked_id", "message_id", name="uq_message"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    message_id: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str] = mapped_column(String(64))
    public: Mapped[bool]
    at: Mapped[datetime]  #: business time
    sealed_text: Mapped[bytes | None]  #: gone after KINTSUGI_TEXT_DAYS
    sealed_readings: Mapped[bytes | None]


class ScoreRow(DeskScoped, Base):
    """A score that was given: one per customer message, and one where time or a rating changed the state."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("tracked_id", "message_id", name="uq_score_message"),
        Index("ix_score_at", "tracked_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    message_id: Mapped[str | None] = mapped_column(String(64))
    because: Mapped[str] = mapped_column(String(16))  #: message, time, rating
    at: Mapped[datetime]  #: business time
    p_satisfied: Mapped[float]
    p_satisfied_now: Mapped[float]
    trend: Mapped[float]
    score: Mapped[int] = mapped_column(Integer)
    level: Mapped[Level]
    direction: Mapped[Direction]
    state: Mapped[SatState]
    provisional: Mapped[bool]
    base_logit: Mapped[float]
    p_uncalibrated: Mapped[float]
    model: Mapped[str] = mapped_column(String(80))
    calibrated: Mapped[bool]
    sealed_reasons: Mapped[bytes | None]  #: contributions with evidence, and abstentions
    factors: Mapped[dict[str, Any]]  #: signal -> logit, without words; stays when the words are erased


class RatingRow(DeskScoped, Base):
    """One rating at the helpdesk; append-only."""

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("desk_id", "rating_id", name="uq_rating"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    rating_id: Mapped[str] = mapped_column(String(128))
    value: Mapped[float]  #: in [0, 1]
    original: Mapped[str] = mapped_column(String(64))
    scale: Mapped[str] = mapped_column(String(32))
    sealed_comment: Mapped[bytes | None]
    at: Mapped[datetime]  #: business time
    assignee_id: Mapped[str | None] = mapped_column(String(64))  #: who had the ticket at that moment
    group_id: Mapped[str | None] = mapped_column(String(64))


class ProtocolRow(DeskScoped, Base):
    """A recovery protocol by name; its content is in its versions."""

    __tablename__ = "protocol"
    __table_args__ = (UniqueConstraint("desk_id", "name", name="uq_protocol_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)  #: the lower decides first
    created_at: Mapped[datetime]


class ProtocolVersion(DeskScoped, Base):
    """One version of a protocol; immutable once published."""

    __tablename__ = "protocol_version"
    __table_args__ = (UniqueConstraint("protocol_id", "number", name="uq_protocol_version_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    number: Mapped[int] = mapped_column(Integer)
    document: Mapped[str] = mapped_column(Text)
    state: Mapped[VersionState] = mapped_column(default=VersionState.DRAFT)
    reason: Mapped[str | None] = mapped_column(String(500))
    published_by: Mapped[str | None] = mapped_column(String(254))
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DecisionRow(DeskScoped, Base):
    """What a protocol version decided on a ticket; stored when it differs from what it decided last."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_ticket", "tracked_id", "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("recovery_case.id"))
    outcome: Mapped[Outcome]
    reason: Mapped[str] = mapped_column(String(500))
    conditions: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]  #: business time


class RecoveryCase(DeskScoped, Base):
    """From eligibility to outcome."""

    __tablename__ = "recovery_case"
    __table_args__ = (
        # One open case per ticket, whatever happens at the same moment: closed cases have no open_key.
        UniqueConstraint("open_key", name="uq_recovery_case_open"),
        Index("ix_recovery_case_stage", "desk_id", "stage", "opened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    open_key: Mapped[int | None]  #: the tracked ticket's id while the case is open
    episode: Mapped[int] = mapped_column(Integer)  #: counts the ticket's cases from 1
    stage: Mapped[CaseStage]
    arm: Mapped[Arm]
    cause: Mapped[Cause] = mapped_column(default=Cause.UNKNOWN)
    opened_by: Mapped[str] = mapped_column(String(32))  #: "state" or "rating"
    opening_rating_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"))
    opening_score: Mapped[int | None] = mapped_column(Integer)
    opening_state: Mapped[SatState | None]
    previous_group_id: Mapped[str | None] = mapped_column(String(64))
    previous_assignee_id: Mapped[str | None] = mapped_column(String(64))
    recovery_group_id: Mapped[str | None] = mapped_column(String(64))  #: whom the case gave the ticket to
    round: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str | None] = mapped_column(String(500))  #: why it ended as it did
    opened_at: Mapped[datetime]  #: business time, as all below
    exited_at: Mapped[datetime | None]  #: when the protocol's criteria first stopped holding
    flagged_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resurveyed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class StepRow(DeskScoped, Base):
    """An action planned for a case, with its fate."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("case_id", "version_id", "action", "round", name="uq_step_once"),
        UniqueConstraint("marker", name="uq_step_marker"),
        Index("ix_step_ticket", "tracked_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"))
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    action: Mapped[str] = mapped_column(String(80))  #: position and kind in the protocol: "2:assign"
    do: Mapped[str] = mapped_column(String(32))  #: the registered action
    round: Mapped[int] = mapped_column(Integer)
    params: Mapped[dict[str, Any]]
    state: Mapped[StepState] = mapped_column(default=StepState.PLANNED)
    reason: Mapped[str | None] = mapped_column(String(500))
    marker: Mapped[str] = mapped_column(String(64))  #: opaque; found again in the helpdesk's log
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]  #: mechanism time of the intent, for the quiet period before a look-up
    receipt: Mapped[str | None] = mapped_column(String(128))
    planned_at: Mapped[datetime]  #: business time
    settled_at: Mapped[datetime | None]  #: business time


class Invitation(DeskScoped, Base):
    """One survey asked of one person, and the unit of work for sending it."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "round", name="uq_invitation_once"),
        UniqueConstraint("token_hash", name="uq_invitation_token"),
        Index("ix_invitation_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"))
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  #: resurvey, follow_up, pulse
    round: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(16))  #: email, comment
    good_from: Mapped[float]
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.SCHEDULED)
    reason: Mapped[str | None] = mapped_column(String(500))
    token_hash: Mapped[str] = mapped_column(String(64))
    sealed_token: Mapped[bytes]
    marker: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime]  #: business time
    not_before: Mapped[datetime | None]  #: mechanism time: a postponed attempt
    expires_at: Mapped[datetime]  #: business time
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sending_at: Mapped[datetime | None]  #: mechanism time of the intent
    sent_at: Mapped[datetime | None]  #: business time
    answered_at: Mapped[datetime | None]  #: business time


class Answer(DeskScoped, Base):
    """One answer to an invitation; append-only."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("invitation_id", name="uq_answer_invitation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    value: Mapped[float]  #: in [0, 1]
    original: Mapped[str] = mapped_column(String(16))
    sealed_comment: Mapped[bytes | None]
    at: Mapped[datetime]  #: business time


class Account(Base):
    """A person who signs in."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("email", name="uq_account_email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Membership(Base):
    """The role an account has; `desk_id` None means every desk."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "desk_id", name="uq_membership"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))
    role: Mapped[Role]


class SignInLink(Base):
    """A link that signs in once: the invitation of a new person, or the embedded default's printed link."""

    __tablename__ = "sign_in_link"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_sign_in_link_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """A signed-in browser."""

    __tablename__ = "web_session"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_web_session_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """Failed sign-ins, by a keyed hash of account or address, so that guessing slows down."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (UniqueConstraint("who_hash", name="uq_sign_in_failure_who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    who_hash: Mapped[str] = mapped_column(String(64))
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


class Launch(DeskScoped, Base):
    """A sidebar that was opened by a helpdesk's signed token; the token works once."""

    __tablename__ = "launch"
    __table_args__ = (
        UniqueConstraint("desk_id", "token_id", name="uq_launch_once"),
        UniqueConstraint("bearer_hash", name="uq_launch_bearer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[str] = mapped_column(String(128))  #: the signed token's jti
    bearer_hash: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Slot(Base):
    """One turn of a scheduled job; whoever stores it first runs it."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("job", "slot_at", name="uq_slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    slot_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
