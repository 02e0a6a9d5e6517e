"""Columns and tables of what becomes of tickets and people: merged, gone, followed up, in copy, erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class Fate:
    """Mixed into the tracked ticket. Moments are business time."""

    brand_id: Mapped[str | None] = mapped_column(String(64))
    merged_into: Mapped[str | None] = mapped_column(String(64))  #: the helpdesk's id of the ticket it ended in
    follow_up_of: Mapped[str | None] = mapped_column(String(64))  #: the closed ticket that this one goes on from
    gone_at: Mapped[datetime | None]  #: deleted, spam or vanished; None again once it is restored
    erased_at: Mapped[datetime | None]  #: its person was erased: it is never read again


class Participant(DeskScoped, Base):
    """Somebody in copy on a ticket, scored by their own messages; never part of the requester's score."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("tracked_id", "helpdesk_id", name="uq_participant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    helpdesk_id: Mapped[str] = mapped_column(String(64))
    sealed_running: Mapped[bytes | None]  #: running aggregates of their messages alone
    messages: Mapped[int] = mapped_column(Integer, default=0)
    score: Mapped[int | None] = mapped_column(Integer)
    p_satisfied: Mapped[float | None]
    at: Mapped[datetime]  #: business time of their newest message


class ErasedPerson(DeskScoped, Base):
    """A person who was erased, by keyed hashes alone: what they wrote before then is not taken in again."""

    __tablename__ = "erased_person"
    __table_args__ = (UniqueConstraint("desk_id", "who_hash", name="uq_erased_person_who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    who_hash: Mapped[str] = mapped_column(String(64))  #: of the helpdesk's id or of the e-mail address
    at: Mapped[datetime]  #: business time
