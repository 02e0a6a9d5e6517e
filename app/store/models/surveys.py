"""Tables of survey invitations and their answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped, InvitationState, OfferState


class Offered:
    """Mixed into the invitation: the helpdesk's own survey, where a protocol asks by that."""

    offer: Mapped[OfferState | None]  #: None where our own survey page was wanted
    offer_reason: Mapped[str | None] = mapped_column(String(500))  #: why our own page is used in its place
    offer_id: Mapped[str | None] = mapped_column(String(64))  #: the helpdesk's; an answer comes as a rating of this id
    sealed_offer: Mapped[bytes | None]  #: the link, until it is answered
    offered_at: Mapped[datetime | None]  #: business time of the newest intent
    offer_tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  #: that may have had effect


class Invitation(Offered, DeskScoped, Base):
    """One survey asked of one person, and the unit of work for sending it."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "round", name="uq_invitation_once"),
        UniqueConstraint("token_hash", name="uq_invitation_token"),
        Index("ix_invitation_due", "state", "due_at"),
        Index("ix_invitation_offer", "desk_id", "offer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"))
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  #: resurvey, follow_up, pulse
    round: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(16))  #: email, comment
    good_from: Mapped[float]
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.SCHEDULED)
    reason: Mapped[str | None] = mapped_column(String(500))
    token_hash: Mapped[str] = mapped_column(String(64))
    sealed_token: Mapped[bytes]
    marker: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime]  #: business time
    not_before: Mapped[datetime | None]  #: mechanism time: a postponed attempt
    expires_at: Mapped[datetime]  #: business time
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sending_at: Mapped[datetime | None]  #: mechanism time of the intent
    sent_at: Mapped[datetime | None]  #: business time
    answered_at: Mapped[datetime | None]  #: business time


class Answer(DeskScoped, Base):
    """One answer to an invitation; append-only."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("invitation_id", name="uq_answer_invitation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    value: Mapped[float]  #: in [0, 1]
    original: Mapped[str] = mapped_column(String(16))
    sealed_comment: Mapped[bytes | None]
    at: Mapped[datetime]  #: business time
