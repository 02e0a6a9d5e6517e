"""Tables of tickets under watch, what was said on them, and how they were scored and rated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped
from app.store.models.customers import CustomerFacts
from app.store.models.fates import Fate
from app.store.models.handling import Outlook
from app.store.models.history import History
from app.store.models.insight import Insight
from app.store.models.walks import Seen
from app.words import Cause, Direction, Level, SatState

#: As the queries for pages say it, word for word: else no database knows that the index serves them.
UNSOLVED = "status IS NULL OR status NOT IN ('solved', 'closed', 'deleted', 'spam')"


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


class TrackedTicket(History, Insight, CustomerFacts, Fate, Outlook, Seen, DeskScoped, Base):
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
        Index("ix_tracked_ticket_outlook", "desk_id", "state", "status"),
        Index(
            "ix_tracked_ticket_unscored",
            "desk_id",
            postgresql_where=text("scored_at IS NULL"),
            sqlite_where=text("scored_at IS NULL"),
        ),
        Index(
            "ix_tracked_ticket_dead",
            "desk_id",
            postgresql_where=text("dead_at IS NOT NULL"),
            sqlite_where=text("dead_at IS NOT NULL"),
        ),
        Index(
            "ix_tracked_ticket_unsolved",
            "desk_id",
            "state",
            "score",
            "id",
            postgresql_where=text(UNSOLVED),
            sqlite_where=text(UNSOLVED),
        ),
        Index("ix_tracked_ticket_person", "person_id", "scored_at"),
        Index("ix_tracked_ticket_organization", "desk_id", "organization_id", "scored_at"),
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
    begun_fence: Mapped[int] = mapped_column(
        default=0
    )  #: the last fence whose hint began to work; a second one is stale
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))
    dead_at: Mapped[datetime | None]
    marked_at: Mapped[datetime | None]  #: tags were sent in bulk, and nobody has seen yet whether they are there
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
    __table_args__ = (
        UniqueConstraint("desk_id", "rating_id", name="uq_rating"),
        Index("ix_rating_organization", "desk_id", "organization_id", "at"),
    )

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
    organization_id: Mapped[str | None] = mapped_column(String(64))  #: whom the person was with
