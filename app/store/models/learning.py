"""Tables of what a desk's model is learned from, and of the models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped, ModelState


class ExampleRow(DeskScoped, Base):
    """One rated conversation in numbers, as it stood when it was rated; stays when the words are erased."""

    __tablename__ = "example"
    __table_args__ = (
        UniqueConstraint("tracked_id", name="uq_example_ticket"),
        Index("ix_example_at", "desk_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"))
    value: Mapped[float]  #: of the rating, in [0, 1]
    at: Mapped[datetime]  #: business time of the rating
    score: Mapped[int | None] = mapped_column(Integer)  #: 0 to 100, shown just before the rating
    customer_turns: Mapped[int] = mapped_column(Integer)
    inputs: Mapped[dict[str, Any]]  #: `signal/aggregate` -> value


class Label(DeskScoped, Base):
    """What an agent or a colleague thinks of one score; the later opinion of the same person replaces the earlier."""

    __tablename__ = "label"
    __table_args__ = (
        UniqueConstraint("score_id", "by", name="uq_label_person"),
        Index("ix_label_at", "desk_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tracked_id: Mapped[int] = mapped_column(ForeignKey("tracked_ticket.id"))
    score_id: Mapped[int] = mapped_column(ForeignKey("score.id"))
    by: Mapped[str] = mapped_column(String(80))  #: agent:<helpdesk's id> or account:<our id>
    agrees: Mapped[bool]
    satisfied: Mapped[bool]  #: what that says of the customer
    inputs: Mapped[dict[str, Any]]  #: as in an example
    at: Mapped[datetime]  #: business time


class LearnedModel(DeskScoped, Base):
    """One version of a desk's own model. Its document never changes; at most one version is the champion."""

    __tablename__ = "learned_model"
    __table_args__ = (UniqueConstraint("desk_id", "version", name="uq_learned_model_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    rung: Mapped[str] = mapped_column(String(16))
    prior: Mapped[str] = mapped_column(String(80))
    document: Mapped[dict[str, Any]]  #: the model without its learned words
    sealed_text: Mapped[bytes | None]  #: the learned words; guesses at words could be tried against them
    ratings: Mapped[int] = mapped_column(Integer)
    report: Mapped[dict[str, Any]]
    state: Mapped[ModelState]
    reason: Mapped[str] = mapped_column(Text)
    trained_at: Mapped[datetime]  #: mechanism time
    promoted_at: Mapped[datetime | None]  #: mechanism time; also of the retired
    promoted_by: Mapped[str | None] = mapped_column(String(254))


class Training(DeskScoped, Base):
    """A desk's one place for training: whose turn it is, how far it is, and how the last one ended. Mechanism time."""

    __tablename__ = "training"
    __table_args__ = (UniqueConstraint("desk_id", name="uq_training_desk"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]  #: somebody wants one now
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    share: Mapped[float] = mapped_column(default=0.0)  #: of the work that is done, in [0, 1]
    step: Mapped[str] = mapped_column(String(80), default="")
    error: Mapped[str | None] = mapped_column(String(500))
    ratings: Mapped[int] = mapped_column(Integer, default=0)  #: that the last one had
    held: Mapped[bool] = mapped_column(default=False)  #: a person chose the model; nothing is promoted without one
