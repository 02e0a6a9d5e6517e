"""Tables of the people who work with the product, and of scheduled turns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped, Role


class Account(Base):
    """A person who signs in."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("email", name="uq_account_email"),
        Index("ix_account_subject_hash", "subject_hash", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    subject_hash: Mapped[str | None] = mapped_column(String(64))  #: who it is at the provider of sign-ins
    created_at: Mapped[datetime]


class Membership(Base):
    """The role an account has; `desk_id` None means every desk."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "desk_id", name="uq_membership"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))
    role: Mapped[Role]


class SignInLink(Base):
    """A link that signs in once: the invitation of a new person, or the embedded default's printed link."""

    __tablename__ = "sign_in_link"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_sign_in_link_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """A signed-in browser."""

    __tablename__ = "web_session"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_web_session_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str | None] = mapped_column(String(200))  #: what it calls itself, so that its owner knows it again
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """Failed sign-ins, by a keyed hash of account or address, so that guessing slows down."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (UniqueConstraint("who_hash", name="uq_sign_in_failure_who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    who_hash: Mapped[str] = mapped_column(String(64))
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


class Launch(DeskScoped, Base):
    """A sidebar that was opened by a helpdesk's signed token; the token works once."""

    __tablename__ = "launch"
    __table_args__ = (
        UniqueConstraint("desk_id", "token_id", name="uq_launch_once"),
        UniqueConstraint("bearer_hash", name="uq_launch_bearer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[str] = mapped_column(String(128))  #: the signed token's jti
    bearer_hash: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Slot(Base):
    """One turn of a scheduled job; whoever stores it first runs it."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("job", "slot_at", name="uq_slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    slot_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
