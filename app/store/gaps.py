"""Changes that no webhook told: what we know of the tickets and ratings of a page, having them looked at, and how many
there were. What is a gap is `tasks.reconcile`'s to judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store import tracked_tickets
from app.store.models import Delivery, DeliveryState, RatingRow, TrackedTicket, WebhookGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was found without its webhook on one day (UTC)."""

    day: date
    tickets: int
    ratings: int


def tracked(session: Session, ticket_ids: Iterable[str]) -> Mapping[str, TrackedTicket]:
    """Our rows of these tickets, by the helpdesk's id."""
    rows = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id.in_(list(ticket_ids))))
    return {row.ticket_id: row for row in rows}


def known_ratings(session: Session, rating_ids: Iterable[str]) -> frozenset[str]:
    """Which of these ratings are on record, by the id they are stored under."""
    return frozenset(session.scalars(select(RatingRow.rating_id).where(RatingRow.rating_id.in_(list(rating_ids)))))


def told_of(session: Session, ticket_ids: Iterable[str], type_: str) -> frozenset[str]:
    """Those of the tickets with a delivery of this type that nobody has looked at yet."""
    waiting = select(Delivery.ticket_id).where(
        Delivery.ticket_id.in_(list(ticket_ids)), Delivery.state == DeliveryState.RECEIVED, Delivery.type == type_
    )
    return frozenset(found for found in session.scalars(waiting) if found is not None)


def look_at(session: Session, desk_id: int, ticket_id: str, mark: str, now: datetime) -> bool:
    """Have a ticket read whole, ratings too, as if its webhook had come; False where it was for this very change."""
    row = session.scalar(select(TrackedTicket).where(TrackedTicket.ticket_id == ticket_id))
    if row is None:
        return _hear_of(session, desk_id, ticket_id, mark, now)
    if row.missed_stamp == mark:
        return False
    tracked_tickets.wake(session, row.id, now)
    session.refresh(row)
    row.rating_dirty, row.missed_stamp = row.dirty, mark
    return True


def _hear_of(session: Session, desk_id: int, ticket_id: str, mark: str, now: datetime) -> bool:
    new = TrackedTicket(
        desk_id=desk_id, ticket_id=ticket_id, dirty=1, first_dirty_at=now, due_at=now, rating_dirty=1, missed_stamp=mark
    )
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        return False  # its webhook came at this very moment
    return True


def count(session: Session, desk_id: int, now: datetime, *, tickets: int = 0, ratings: int = 0) -> None:
    """Add to the day's figures; only whoever has the desk's turn does."""
    if not tickets and not ratings:
        return
    row = session.scalar(select(WebhookGap).where(WebhookGap.day == now.date()))
    if row is None:
        row = WebhookGap(desk_id=desk_id, day=now.date(), tickets=0, ratings=0, last_at=now)
        session.add(row)
    row.tickets, row.ratings, row.last_at = row.tickets + tickets, row.ratings + ratings, now


def per_day(session: Session, since: date) -> Sequence[Day]:
    """A desk's days since then on which anything was found, the newest first."""
    rows = session.scalars(select(WebhookGap).where(WebhookGap.day >= since).order_by(WebhookGap.day.desc()))
    return [Day(day=row.day, tickets=row.tickets, ratings=row.ratings) for row in rows]


def totals(session: Session, since: date | None = None) -> Mapping[int, tuple[int, int]]:
    """By desk, tickets and ratings found, ever or since a day."""
    statement = select(WebhookGap.desk_id, func.sum(WebhookGap.tickets), func.sum(WebhookGap.ratings))
    if since is not None:
        statement = statement.where(WebhookGap.day >= since)
    rows = session.execute(statement.group_by(WebhookGap.desk_id).order_by(WebhookGap.desk_id))
    return {desk_id: (int(tickets), int(ratings)) for desk_id, tickets, ratings in rows}
