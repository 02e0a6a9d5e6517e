"""Tables of rollbacks, and of who put which version in force and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class ProtocolEvent(DeskScoped, Base):
    """A change of what is in force; append-only. Versions do not change, so what differs can be told at any time."""

    __tablename__ = "protocol_event"
    __table_args__ = (Index("ix_protocol_event_protocol", "protocol_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))  #: None where none is in force
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))  #: what was in force before
    kind: Mapped[str] = mapped_column(String(16))  #: a word of `app.store.protocol_events.Kind`
    share: Mapped[float | None]
    by: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]  #: mechanism time


class RollbackRow(DeskScoped, Base):
    """One rollback: what was taken out of force, and what came in its place."""

    __tablename__ = "rollback"
    __table_args__ = (Index("ix_rollback_protocol", "protocol_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    to_version_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))  #: None where none is in force
    withdrawn: Mapped[list[Any]]  #: ids of the versions it took out of force, or whose changes it takes back
    undo: Mapped[bool]  #: what those versions did is taken back
    by: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(500))
    warnings: Mapped[list[Any]]  #: what is questionable about what is in force since
    at: Mapped[datetime]  #: mechanism time


class RollbackTicket(DeskScoped, Base):
    """What a rollback comes to on one ticket; whether it is done is its step's state."""

    __tablename__ = "rollback_ticket"
    __table_args__ = (
        UniqueConstraint("rollback_id", "tracked_id", name="uq_rollback_ticket"),
        UniqueConstraint("step_id", name="uq_rollback_ticket_step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rollback_id: Mapped[int] = mapped_column(ForeignKey("rollback.id"))
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))
    reverted: Mapped[list[Any]] = mapped_column(default=list)  #: see `app.protocols.changes.Reverted`
    kept: Mapped[list[Any]] = mapped_column(default=list)  #: see `app.protocols.changes.Kept`
