"""A desk's import of history: how far it is, who is at it, and the tickets it has in hand. Mechanism time where it does
not say business time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.models import Backfill, TrackedTicket

LEASE = timedelta(minutes=2)  #: since the last sign of life; an import that was killed can be taken up afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done since the last note."""

    imported: int = 0
    ratings: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0


def find(session: Session) -> Backfill | None:
    """The desk's import, or None where none was ever asked for."""
    return session.scalar(select(Backfill))


def begin(session: Session, desk_id: int, now: datetime, *, since: datetime | None, until: datetime) -> int | None:
    """Take up the desk's import, or begin it; returns the fence to go on with, None while somebody is at it.

    Without `since` (business time) it goes on from where it was, else from 90 days before `until`. An earlier `since`
    than it had begins the walk anew; what was brought in already is left alone.
    """
    row = find(session)
    if row is None:
        row = _first(session, desk_id, now, since or until - timedelta(days=90), until)
    elif since is not None and since < row.since:
        row.since, row.reached, row.cursor, row.finished_at = since, since, None, None
        session.flush()
    taken = session.execute(
        update(Backfill)
        .where(Backfill.id == row.id, or_(Backfill.lease_until.is_(None), Backfill.lease_until <= now))
        .values(fence=Backfill.fence + 1, lease_until=now + LEASE)
        .returning(Backfill.fence)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar()


def held(session: Session, fence: int, now: datetime) -> Backfill | None:
    """The import, locked and with a lease that begins anew, if this fence still holds it."""
    row = session.scalar(select(Backfill).where(Backfill.fence == fence, Backfill.lease_until >= now).with_for_update())
    if row is not None:
        row.lease_until = now + LEASE
    return row


def note(row: Backfill, done: Done) -> None:
    """Add to the figures."""
    row.imported, row.ratings = row.imported + done.imported, row.ratings + done.ratings
    row.skipped, row.failed = row.skipped + done.skipped, row.failed + done.failed
    row.seconds += done.seconds


def leave(session: Session, fence: int) -> None:
    """Give it back, to be taken up by anybody."""
    session.execute(
        update(Backfill)
        .where(Backfill.fence == fence)
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


def is_settled(session: Session, ticket_id: str, now: datetime) -> bool:
    """Whether a ticket needs no import: it was brought in already, or it is the live pipeline's."""
    row = session.scalar(select(TrackedTicket).where(TrackedTicket.ticket_id == ticket_id))
    return row is not None and not _cut_off(row, now)


def take_ticket(
    session: Session, desk_id: int, ticket_id: str, now: datetime, lease: timedelta
) -> TrackedTicket | None:
    """A ticket's row in our hands: a new one, or one whose import was cut off; None where it is not ours to touch.

    Nothing is due on it, so no dispatcher claims it; a webhook that comes meanwhile waits for the end of the lease.
    """
    row = session.scalar(select(TrackedTicket).where(TrackedTicket.ticket_id == ticket_id))
    if row is not None:
        if not _cut_off(row, now):
            return None
        taken = session.execute(
            update(TrackedTicket)
            .where(TrackedTicket.id == row.id, and_(TrackedTicket.fence == row.fence, TrackedTicket.dirty == 0))
            .values(fence=TrackedTicket.fence + 1, lease_until=now + lease)
            .returning(TrackedTicket.id)
            .execution_options(synchronize_session=False)
        )
        if taken.scalar() is None:
            return None
        session.refresh(row)
        return row
    return _new_ticket(session, desk_id, ticket_id, now, lease)


def _new_ticket(
    session: Session, desk_id: int, ticket_id: str, now: datetime, lease: timedelta
) -> TrackedTicket | None:
    row = TrackedTicket(
        desk_id=desk_id, ticket_id=ticket_id, imported_at=now, fence=1, begun_fence=1, lease_until=now + lease
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None  # its webhook came at this very moment
    return row


def _cut_off(row: TrackedTicket, now: datetime) -> bool:
    """Whether an import of the ticket was begun, did not end, and nobody is at it."""
    begun = row.imported_at is not None and row.dirty == 0
    return begun and row.lease_until is not None and row.lease_until < now


def _first(session: Session, desk_id: int, now: datetime, since: datetime, until: datetime) -> Backfill:
    try:
        with session.begin_nested():
            row = Backfill(desk_id=desk_id, since=since, until=until, reached=since, started_at=now)
            session.add(row)
        return row
    except IntegrityError:
        # Somebody made it at the same moment.
        found = find(session)
        assert found is not None
        return found
