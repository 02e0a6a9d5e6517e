"""Tables of the API's calls: how many a caller made lately, and answers kept for those who ask again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base


class CallCount(Base):
    """How many calls a caller made in the newest stretch of time in which they made any."""

    __tablename__ = "call_count"
    __table_args__ = (UniqueConstraint("caller", name="uq_call_count_caller"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(String(64))  #: "token:5", "account:7" or "operator"
    window_at: Mapped[datetime]  #: mechanism time at which the stretch began
    calls: Mapped[int] = mapped_column(Integer)


class CallAnswer(Base):
    """What a call with an idempotency key was answered; None while it is being answered, empty where it broke off."""

    __tablename__ = "call_answer"
    __table_args__ = (UniqueConstraint("caller", "key_hash", name="uq_call_answer_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))  #: the desk it was about, where it was about one
    caller: Mapped[str] = mapped_column(String(64))
    key_hash: Mapped[str] = mapped_column(String(64))
    request_hash: Mapped[str] = mapped_column(String(64))  #: of operation and body, so that another one is told apart
    begun_at: Mapped[datetime] = mapped_column(index=True)  #: mechanism time
    fence: Mapped[int] = mapped_column(Integer)  #: counts who took the call on, so that a late one keeps nothing
    sealed_answer: Mapped[bytes | None]  #: JSON
