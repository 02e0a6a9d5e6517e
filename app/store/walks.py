"""The endless walk through what changed at a desk's helpdesk: whose turn it is, and where it goes on. Mechanism time.

A turn has a lease and a fence, so that of two workers one alone moves the cursor; what a page brought is stored in the
same transaction as the cursor behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.models import Desk, DeskState, Reconcile

LEASE = timedelta(minutes=5)  #: since the last page; the turn of a worker that died is taken over afterwards


def due_desks(session: Session, now: datetime) -> Sequence[int]:
    """Desks that work and whose turn it is, the longest waiting first. For a session that looks across desks."""
    served = and_(Desk.state == DeskState.ACTIVE, or_(Desk.blocked_until.is_(None), Desk.blocked_until <= now))
    found = (
        select(Desk.id)
        .outerjoin(Reconcile, Reconcile.desk_id == Desk.id)
        .where(served, or_(Reconcile.id.is_(None), and_(Reconcile.due_at <= now, _free(now))))
    )
    return session.scalars(found.order_by(Reconcile.due_at.asc().nulls_first(), Desk.id)).all()


def begin(session: Session, desk_id: int, now: datetime, *, began_at: datetime) -> Reconcile | None:
    """Take the desk's turn, where it is due and free. `began_at` (business time) counts for the very first one."""
    row = find(session)
    if row is None:
        row = _first(session, desk_id, now, began_at)
    taken = session.execute(
        update(Reconcile)
        .where(Reconcile.id == row.id, Reconcile.due_at <= now, _free(now))
        .values(fence=Reconcile.fence + 1, lease_until=now + LEASE)
        .returning(Reconcile.fence)
        .execution_options(synchronize_session=False)
    ).scalar()
    if taken is None:
        return None
    session.refresh(row)
    return row


def find(session: Session) -> Reconcile | None:
    """The desk's row; None before its first turn."""
    return session.scalar(select(Reconcile))


def held(session: Session, fence: int, now: datetime) -> Reconcile | None:
    """The row, locked and with a lease that begins anew, if this fence still holds it."""
    row = session.scalar(
        select(Reconcile).where(Reconcile.fence == fence, Reconcile.lease_until >= now).with_for_update()
    )
    if row is not None:
        row.lease_until = now + LEASE
    return row


def finish(row: Reconcile, *, due_at: datetime, arrived_at: datetime | None, error: str | None) -> None:
    """Give the turn back. `arrived_at` is None for a turn that did not reach the present."""
    row.lease_until, row.due_at, row.error = None, due_at, error and error[:500]
    row.arrived_at = arrived_at or row.arrived_at


def arrivals(session: Session) -> Sequence[tuple[int, datetime | None, str | None]]:
    """Of each desk that was walked: (desk, when it last reached the present, what went wrong since)."""
    rows = session.execute(select(Reconcile.desk_id, Reconcile.arrived_at, Reconcile.error).order_by(Reconcile.desk_id))
    return [(desk_id, arrived_at, error) for desk_id, arrived_at, error in rows]


def _free(now: datetime) -> ColumnElement[bool]:
    free: Any = or_(Reconcile.lease_until.is_(None), Reconcile.lease_until < now)
    return free  # type: ignore[no-any-return]


def _first(session: Session, desk_id: int, now: datetime, began_at: datetime) -> Reconcile:
    try:
        with session.begin_nested():
            row = Reconcile(desk_id=desk_id, began_at=began_at, due_at=now)
            session.add(row)
        return row
    except IntegrityError:
        # Somebody made it at the same moment.
        found = find(session)
        assert found is not None
        return found
