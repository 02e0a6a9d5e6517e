"""Tables of walks through what changed at a helpdesk: the endless one that finds what no webhook told, and the one that
brings its history in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models.columns import Base, DeskScoped


class Seen:
    """What of a ticket's changes we have seen. Mixed into the tracked ticket."""

    changed_at: Mapped[datetime | None]  #: business time of the last change that was read
    written_at: Mapped[datetime | None]  #: business time of our own last write
    rating_dirty: Mapped[int | None]  #: the event count for which ratings have to be read, too
    missed_stamp: Mapped[str | None] = mapped_column(String(128))  #: the last change that was found without its webhook
    imported_at: Mapped[datetime | None]  #: mechanism time; brought in as history, and untouched since


class Reconcile(DeskScoped, Base):
    """A desk's endless walk: how far it is and whose turn it is. Mechanism time, but for `began_at`."""

    __tablename__ = "reconcile"
    __table_args__ = (UniqueConstraint("desk_id", name="uq_reconcile_desk"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]  #: business time; what changed earlier is history
    cursor: Mapped[str | None] = mapped_column(String(2000))
    rated_cursor: Mapped[str | None] = mapped_column(String(2000))
    rated_since: Mapped[datetime | None]  #: business time at which the walk over ratings under way began
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]  #: when it last reached the present
    error: Mapped[str | None] = mapped_column(String(500))


class WebhookGap(DeskScoped, Base):
    """How many changes of one day were found without their webhook."""

    __tablename__ = "webhook_gap"
    __table_args__ = (UniqueConstraint("desk_id", "day", name="uq_webhook_gap_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)  #: UTC, of the finding
    tickets: Mapped[int] = mapped_column(Integer, default=0)  #: changes of tickets, and tickets never heard of
    ratings: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime]  #: mechanism time


class Backfill(DeskScoped, Base):
    """A desk's import of history: how far it is. Business time where it says so, else mechanism time."""

    __tablename__ = "backfill"
    __table_args__ = (UniqueConstraint("desk_id", name="uq_backfill_desk"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]  #: business time
    until: Mapped[datetime]  #: business time; what changed later is the live pipeline's
    reached: Mapped[datetime]  #: business time of the last change that was dealt with
    cursor: Mapped[str | None] = mapped_column(String(2000))
    imported: Mapped[int] = mapped_column(Integer, default=0)
    ratings: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)  #: known already, gone, or the live pipeline's
    failed: Mapped[int] = mapped_column(Integer, default=0)  #: could not be read; the log names them
    seconds: Mapped[float] = mapped_column(default=0.0)  #: of work so far, over all runs
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
