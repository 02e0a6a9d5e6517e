"""Tables of protocols, decisions, cases and steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.casework import Halting
from app.store.models.columns import Base, DeskScoped, StepState, VersionState
from app.store.models.handling import Handling
from app.words import Arm, CaseStage, Cause, Outcome, SatState


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
    share: Mapped[float | None]  #: of tickets that a canary acts on, above 0 and below 1; None for all others
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
    shadow: Mapped[bool] = mapped_column(default=False)  #: by a version that only watches; nothing followed from it
    at: Mapped[datetime]  #: business time


class RecoveryCase(Halting, Handling, DeskScoped, Base):
    """From eligibility to outcome."""

    __tablename__ = "recovery_case"
    __table_args__ = (
        # One open case per ticket, whatever happens at the same moment: closed cases have no open_key.
        UniqueConstraint("open_key", name="uq_recovery_case_open"),
        Index("ix_recovery_case_stage", "desk_id", "stage", "opened_at"),
        Index("ix_recovery_case_opened", "desk_id", "version_id", "opened_at"),
        Index("ix_recovery_case_closed", "desk_id", "version_id", "closed_at"),
        Index(
            "ix_recovery_case_queue",
            "desk_id",
            postgresql_where=text("open_key IS NOT NULL"),
            sqlite_where=text("open_key IS NOT NULL"),
        ),
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
    moved_from: Mapped[str | None] = mapped_column(String(64))  #: the ticket it began on, where it moved to another
    follow_up_ticket_id: Mapped[str | None] = mapped_column(String(64))  #: opened since its own ticket was closed
    owner_id: Mapped[str | None] = mapped_column(String(64))  #: the agent who owns it, by the helpdesk's id
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
    taken_back_at: Mapped[datetime | None]  #: when a rollback took back what it did; it stands in no other's way since
    touch_due_at: Mapped[
        datetime | None
    ]  #: when the first public word to the customer is due, by the protocol's target
    recover_due_at: Mapped[datetime | None]
    touch_missed_at: Mapped[datetime | None]  #: when that target was found missed
    recover_missed_at: Mapped[datetime | None]


class StepRow(DeskScoped, Base):
    """An action planned for a case, with its fate."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("case_id", "version_id", "action", "round", name="uq_step_once"),
        UniqueConstraint("marker", name="uq_step_marker"),
        Index("ix_step_ticket", "tracked_id", "state"),
        Index("ix_step_due", "desk_id", "state", "due_at"),
        Index("ix_step_version", "version_id", "tracked_id"),
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
    owner: Mapped[str | None] = mapped_column(
        String(100)
    )  #: who is to see to it: "team", "lead", "agent", or an agent's id
    due_at: Mapped[datetime | None]  #: business time
    missed_at: Mapped[datetime | None]  #: business time when it was found overdue
    not_before: Mapped[datetime | None]  #: business time; nothing is done about it earlier
    done_by: Mapped[str | None] = mapped_column(String(254))  #: the person who ticked it off
    change: Mapped[dict[str, Any] | None]  #: what it changed at the ticket, with what was there before
    planned_at: Mapped[datetime]  #: business time
    settled_at: Mapped[datetime | None]  #: business time
