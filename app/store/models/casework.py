"""Columns and tables of casework: cases put off, automation called off, and where people did something else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class Halting:
    """Mixed into the recovery case."""

    halted_at: Mapped[datetime | None]  #: business time from which automation keeps still on this case
    halted_because: Mapped[str | None] = mapped_column(String(200))


class Deferral(DeskScoped, Base):
    """A ticket that a protocol would take, waiting for capacity; one row per ticket."""

    __tablename__ = "deferral"
    __table_args__ = (
        UniqueConstraint("tracked_id", name="uq_deferral_ticket"),
        Index("ix_deferral_protocol", "desk_id", "protocol_id", "benefit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    benefit: Mapped[float]  #: expected benefit as it was at the last look; the greatest is let in first
    since: Mapped[datetime]  #: business time


class Deviation(DeskScoped, Base):
    """Something else was done than the protocol says, by a person, with their reason."""

    __tablename__ = "deviation"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.id"))  #: the step that was left out, if it was one
    kind: Mapped[str] = mapped_column(String(32))  #: a `DeviationKind`
    sealed_reason: Mapped[bytes | None]  #: in the person's words, which may tell of the customer
    by: Mapped[str] = mapped_column(String(254))  #: account:<our id> or agent:<helpdesk's id>
    at: Mapped[datetime]  #: business time


class HumanOverride(DeskScoped, Base):
    """A person changed at the helpdesk what a step of ours had set there: a label for those who tune protocols."""

    __tablename__ = "human_override"
    __table_args__ = (UniqueConstraint("step_id", "field", name="uq_human_override"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))
    field: Mapped[str] = mapped_column(String(100))  #: "priority", "tag:late_parcel", "field:360001"
    ours: Mapped[str | None] = mapped_column(String(200))
    theirs: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]  #: business time at which we saw it
