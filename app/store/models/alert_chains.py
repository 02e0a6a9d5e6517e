"""Tables of alerts that wait to be acknowledged, and of vendor items."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class AlertCall(DeskScoped, Base):
    """One in a chain of alerts: somebody who was told and has until then to say that they take it."""

    __tablename__ = "alert_call"
    __table_args__ = (
        UniqueConstraint("step_id", name="uq_alert_call_step"),
        UniqueConstraint("token_hash", name="uq_alert_call_token"),
        Index("ix_alert_call_due", "desk_id", "settled_at", "due_at"),
        Index("ix_alert_call_chain", "chain_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))  #: the step that tells them
    chain_id: Mapped[int] = mapped_column(ForeignKey("step.id"))  #: the step of the chain's first alert
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)  #: in the chain, from 0
    token_hash: Mapped[str] = mapped_column(String(64))
    sealed_token: Mapped[bytes]
    told_at: Mapped[datetime | None]  #: business time, as all below; None while it has not left
    due_at: Mapped[datetime | None]  #: when the next one is told
    acknowledged_at: Mapped[datetime | None]  #: when they said that they take it
    acknowledged_by: Mapped[str | None] = mapped_column(String(254))  #: "link", or account:<our id>
    settled_at: Mapped[datetime | None]  #: when nobody waits for this one any more, taken or not


class VendorItem(DeskScoped, Base):
    """What somebody is to look into with a vendor, beside the customer's case."""

    __tablename__ = "vendor_item"
    __table_args__ = (
        UniqueConstraint("step_id", name="uq_vendor_item_step"),
        Index("ix_vendor_item_ticket", "desk_id", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))
    vendor: Mapped[str | None] = mapped_column(String(100))  #: who, as the ticket says; None where it does not
    way: Mapped[str] = mapped_column(String(16))  #: "ticket", "email" or "webhook"
    ticket_id: Mapped[str | None] = mapped_column(String(64))  #: the item's own ticket at the helpdesk
    made_at: Mapped[datetime]  #: business time
