"""What is known of a ticket beside its state: the standing score whole, cause, fault, churn risk; and examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped
from app.words import FaultSide


class Insight:
    """Mixed into the tracked ticket. Whatever quotes the customer is sealed; all else stays when words go."""

    # The standing score, whole, so that every page and the API say the same to the last digit.
    p_satisfied_now: Mapped[float | None]
    trend: Mapped[float | None]
    base_logit: Mapped[float | None]
    p_uncalibrated: Mapped[float | None]
    model: Mapped[str | None] = mapped_column(String(80))
    calibrated: Mapped[bool | None]
    factors: Mapped[dict[str, Any] | None]  #: signal -> logit, without words
    sealed_reasons: Mapped[bytes | None]  #: contributions with evidence, and abstentions
    # What it is about.
    cause_class: Mapped[str | None] = mapped_column(String(64))  #: the cause, or a narrower class of it
    cause_confidence: Mapped[float | None]
    cause_by: Mapped[str | None] = mapped_column(String(100))  #: who corrected it; None while it was read
    fault_side: Mapped[FaultSide | None]
    fault_by: Mapped[str | None] = mapped_column(String(100))  #: who corrected that
    vendor: Mapped[str | None] = mapped_column(String(100))
    vendor_source: Mapped[str | None] = mapped_column(String(16))
    churn_risk: Mapped[float | None]
    turning_message_id: Mapped[str | None] = mapped_column(String(64))
    turning_ticket_id: Mapped[str | None] = mapped_column(
        String(64)
    )  #: an earlier ticket that it began poor because of
    language: Mapped[str | None] = mapped_column(String(35))
    resolution: Mapped[float | None]  #: sub-score of resolution quality
    insight: Mapped[dict[str, Any] | None]  #: hints gathered so far, and what the ticket's fields said; no words
    sealed_insight: Mapped[bytes | None]  #: the words behind them


class CauseExample(DeskScoped, Base):
    """A corrected ticket as an example for its desk: hashes of the customer's sentences, kept as long as words are."""

    __tablename__ = "cause_example"
    __table_args__ = (UniqueConstraint("tracked_id", name="uq_cause_example_ticket"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    cause_class: Mapped[str] = mapped_column(String(64))
    sealed_hashes: Mapped[bytes]
    at: Mapped[datetime]  #: business time
