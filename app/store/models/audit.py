"""Tables of what people did, and of the tokens of their programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class AuditEntry(DeskScoped, Base):
    """One change that a person made. Never changed and never erased but with its desk; it holds ids and no words."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "desk_id", "at"),
        Index("ix_audit_entry_what", "desk_id", "what"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))  #: "account:7", "agent:123", "token:5", "operator"
    did: Mapped[str] = mapped_column(String(64))  #: "case.claimed"
    what: Mapped[str] = mapped_column(String(100))  #: "case:12"
    detail: Mapped[dict[str, Any] | None]


class ApiTokenRow(DeskScoped, Base):
    """A token by which an account's program calls the API on one desk. All times are mechanism time."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_api_token_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]  #: None: until it is revoked
    used_at: Mapped[datetime | None]  #: stored now and then, not at every call
    revoked_at: Mapped[datetime | None]
