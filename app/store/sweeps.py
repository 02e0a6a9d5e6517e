"""Desks with more due than single reads allow, and the lease of the one worker that reads such a desk in bulk.

While a desk is swept, its ordinary tickets are left to the sweep; those with an open case are claimed one by one as
ever. All times are mechanism time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.store import tracked_tickets
from app.store.models import Desk, TrackedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A due ticket as it was when a sweep began: what is read of it counts for nothing once it has changed."""

    tracked_id: int
    ticket_id: str
    fence: int
    dirty: int
    owed: bool  #: there is more to do than to see whether our tags arrived
    status: str | None
    first_dirty_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A desk with ordinary tickets due that are better read in bulk."""

    desk: Desk
    due: int
    marked: int  #: of them, those that only have to show whether their tags arrived


def crowded(session: Session, now: datetime, at_least: int) -> Sequence[Crowd]:
    """Desks with so many ordinary tickets due, or with tags to verify on more than one; not those swept already."""
    number, marked = func.count(TrackedTicket.id), func.count(TrackedTicket.id).filter(_only_marked())
    waiting = (
        select(TrackedTicket.desk_id, number, marked)
        .join(Desk, tracked_tickets.served(now))
        .where(_ordinary(now), _at_rest(now))
        .group_by(TrackedTicket.desk_id)
        .having(or_(number >= at_least, marked > 1))
    )
    counted = {desk_id: (int(due), int(seen)) for desk_id, due, seen in session.execute(waiting)}
    if not counted:
        return []
    found = session.scalars(select(Desk).where(Desk.id.in_(counted)))
    return [Crowd(desk=desk, due=counted[desk.id][0], marked=counted[desk.id][1]) for desk in found]


def under_way(session: Session, now: datetime) -> frozenset[int]:
    """Desks that are swept, or whose sweep has to wait."""
    return frozenset(session.scalars(select(Desk.id).where(Desk.sweep_until > now)))


def claim(session: Session, desk_id: int, now: datetime, until: datetime) -> int | None:
    """Take the desk's sweep: its fence, or None where somebody else was first."""
    taken = session.execute(
        update(Desk)
        .where(Desk.id == desk_id, _at_rest(now))
        .values(sweep_until=until, sweep_fence=Desk.sweep_fence + 1)
        .returning(Desk.sweep_fence)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one_or_none()


def hold(session: Session, desk_id: int, fence: int, now: datetime, until: datetime) -> bool:
    """Keep the sweep until then; False where it is not ours any more."""
    kept = session.execute(
        update(Desk)
        .where(Desk.id == desk_id, Desk.sweep_fence == fence, Desk.sweep_until > now)
        .values(sweep_until=until)
        .returning(Desk.id)
        .execution_options(synchronize_session=False)
    )
    return kept.first() is not None


def due(session: Session, now: datetime, limit: int) -> Sequence[Seen]:
    """The desk's due tickets without an open case, those in a poor state first, then the longest due."""
    rows = session.scalars(
        select(TrackedTicket)
        .where(_ordinary(now))
        .order_by(tracked_tickets.urgency(), TrackedTicket.due_at, TrackedTicket.id)
        .limit(limit)
    )
    return [
        Seen(
            tracked_id=row.id,
            ticket_id=row.ticket_id,
            fence=row.fence,
            dirty=row.dirty,
            owed=row.dirty > row.done or row.marked_at is None,
            status=row.status,
            first_dirty_at=row.first_dirty_at,
        )
        for row in rows
    ]


def take(session: Session, seen: Seen, now: datetime, until: datetime) -> int | None:
    """Claim a ticket to which nothing has happened since it was seen: its fence, or None."""
    taken = session.execute(
        update(TrackedTicket)
        .where(_unchanged(seen), _ordinary(now))
        .values(lease_until=until, fence=TrackedTicket.fence + 1)
        .returning(TrackedTicket.fence)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one_or_none()


def put_off(session: Session, seen: Seen, until: datetime) -> None:
    """Have a ticket wait to which nothing has happened since it was seen."""
    session.execute(
        update(TrackedTicket).where(_unchanged(seen)).values(due_at=until).execution_options(synchronize_session=False)
    )


def _unchanged(seen: Seen) -> Any:
    return and_(
        TrackedTicket.id == seen.tracked_id, TrackedTicket.fence == seen.fence, TrackedTicket.dirty == seen.dirty
    )


def _only_marked() -> Any:
    return and_(TrackedTicket.marked_at.is_not(None), TrackedTicket.dirty == TrackedTicket.done)


def _ordinary(now: datetime) -> Any:
    return and_(TrackedTicket.due_at <= now, tracked_tickets.free(now), ~tracked_tickets.open_case())


def _at_rest(now: datetime) -> Any:
    return or_(Desk.sweep_until.is_(None), Desk.sweep_until <= now)
