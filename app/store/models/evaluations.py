"""The table of evaluations: what was known of a ticket whenever that changed, so that it can be replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class EvaluationRow(DeskScoped, Base):
    """One look at a ticket's facts. Append-only; kept as long as customers' words are."""

    __tablename__ = "evaluation"
    __table_args__ = (
        Index("ix_evaluation_at", "desk_id", "at"),
        Index("ix_evaluation_ticket", "tracked_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    at: Mapped[datetime]  #: business time of the look
    as_of: Mapped[datetime]  #: business time up to which the facts count waits and ages; not after `at`
    facts: Mapped[dict[str, Any]]  #: all facts by name, sets as sorted lists
    ticket: Mapped[dict[str, Any]]  #: the ticket's own fields; see `app.protocols.evaluation.Snapshot`
    in_force: Mapped[list[Any]]  #: [version id, order] of the versions that were in force for this ticket
    decided: Mapped[bool]  #: the engine decided on these facts; else they only changed
