"""A desk's place for training: one lease, so that two never run at once, with progress to show. Mechanism time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.models import Training

LEASE = timedelta(minutes=15)  #: since the last sign of life; a training that died is taken over afterwards


def of_desk(session: Session, desk_id: int) -> Training:
    """The desk's row, made where there is none yet."""
    row = find(session)
    if row is not None:
        return row
    try:
        with session.begin_nested():
            row = Training(desk_id=desk_id)
            session.add(row)
        return row
    except IntegrityError:
        # Somebody made it at the same moment.
        found = find(session)
        assert found is not None
        return found


def find(session: Session) -> Training | None:
    """The desk's row, or None where nothing was ever learned or asked for."""
    return session.scalar(select(Training))


def begin(session: Session, desk_id: int, now: datetime) -> int | None:
    """Take the desk's place; returns the fence to go on with, or None while somebody has it."""
    row = of_desk(session, desk_id)
    taken = session.execute(
        update(Training)
        .where(Training.id == row.id, or_(Training.lease_until.is_(None), Training.lease_until <= now))
        .values(
            fence=Training.fence + 1, lease_until=now + LEASE, started_at=now, share=0.0, step="starting", error=None
        )
        .returning(Training.fence)
    )
    return taken.scalar()


def progress(session: Session, fence: int, now: datetime, share: float, step: str) -> bool:
    """A sign of life; False when the place is another one's by now."""
    held = update(Training).where(Training.fence == fence, Training.lease_until.is_not(None))
    kept = session.execute(held.values(share=share, step=step[:80], lease_until=now + LEASE).returning(Training.id))
    return kept.first() is not None


def finish(session: Session, fence: int, now: datetime, *, ratings: int, error: str | None = None) -> bool:
    """Give the place back; `ratings` is how many there were. False when it is another one's by now."""
    held = update(Training).where(Training.fence == fence, Training.lease_until.is_not(None))
    done = {"lease_until": None, "asked_at": None, "finished_at": now, "ratings": ratings, "step": ""}
    ended = session.execute(
        held.values(**done, share=0.0 if error else 1.0, error=error and error[:500]).returning(Training.id)
    )
    return ended.first() is not None


def ask(session: Session, desk_id: int, now: datetime) -> None:
    """Somebody wants a training as soon as there is a place."""
    of_desk(session, desk_id).asked_at = now


def hold(session: Session, desk_id: int, *, held: bool) -> None:
    """Whether the model in force was chosen by a person, and stays until a person says otherwise."""
    of_desk(session, desk_id).held = held
