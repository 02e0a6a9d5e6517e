"""Turns of scheduled jobs. A slot is a unique row: whoever stores it first runs the job, so there may be any number of
schedulers, or beats, and none has to survive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.store.models import Slot


def slot_start(now: datetime, every: timedelta) -> datetime:
    """The beginning of the turn that `now` is in; turns missed while nobody ran are not caught up."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=UTC)


def take(session: Session, job: str, every: timedelta, now: datetime) -> datetime | None:
    """The turn that is now ours to run, or None when somebody has it."""
    start = slot_start(now, every)
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    taken = session.execute(
        insert(Slot).values(job=job, slot_at=start, taken_at=now).on_conflict_do_nothing().returning(Slot.id)
    )
    return start if taken.first() is not None else None


def give_back(session: Session, job: str, slot_at: datetime) -> None:
    """The job could not be run; somebody may take the turn again."""
    session.execute(delete(Slot).where(Slot.job == job, Slot.slot_at == slot_at, Slot.done_at.is_(None)))


def finish(session: Session, job: str, slot_at: datetime, now: datetime) -> None:
    session.execute(update(Slot).where(Slot.job == job, Slot.slot_at == slot_at).values(done_at=now))


def last(session: Session, job: str) -> Slot | None:
    return session.scalar(select(Slot).where(Slot.job == job).order_by(Slot.slot_at.desc()).limit(1))


def forget(session: Session, before: datetime) -> None:
    """Drop turns long past."""
    session.execute(delete(Slot).where(Slot.slot_at < before))
