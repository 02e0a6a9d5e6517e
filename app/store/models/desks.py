"""Tables of desks and of what reaches them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeliveryState, DeskScoped, DeskState


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
    #: app_id, installation_id, public_key (PEM); or key_hash
    sidebar: Mapped[dict[str, Any]] = mapped_column(default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: tag prefix, lead's address, thresholds ...
    state: Mapped[DeskState] = mapped_column(default=DeskState.ACTIVE)
    reason: Mapped[str | None] = mapped_column(String(500))
    integration_user_id: Mapped[str | None] = mapped_column(String(64))
    blocked_until: Mapped[datetime | None]  #: the helpdesk asked us to wait; mechanism time
    last_read_at: Mapped[datetime | None]
    sweep_until: Mapped[datetime | None]  #: its tickets are read in bulk by one worker; mechanism time
    sweep_fence: Mapped[int] = mapped_column(default=0)
    usual: Mapped[dict[str, Any] | None]  #: the desk's own norm of reply times, in hours; counted by upkeep
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
        Index("ix_delivery_state", "desk_id", "state", "id"),
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
