"""Tables of a desk's access to its helpdesk: the tokens in force, and consents that are under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class DeskAccess(DeskScoped, Base):
    """A desk's one place for tokens, and whose turn it is to renew them. All times are mechanism time."""

    __tablename__ = "desk_access"
    __table_args__ = (UniqueConstraint("desk_id", name="uq_desk_access_desk"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed_tokens: Mapped[bytes | None]  #: JSON: access, refresh; None before the first
    expires_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0)  #: counts the tokens that were on record
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]  #: somebody is renewing
    unsettled: Mapped[int] = mapped_column(Integer, default=0)  #: renewals of these tokens whose outcome nobody knows
    renewed_at: Mapped[datetime | None]


class ConsentRow(Base):
    """A person who went to the helpdesk to let us in, and is to come back. Works once, in the browser it began in."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("state_hash", name="uq_consent_state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64))
    session_hash: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))  #: the desk to connect again; None for a new one
    sealed_plan: Mapped[bytes]  #: JSON: what is to be connected, the client's secret, the code verifier
    expires_at: Mapped[datetime]
