"""What people have to do in cases: their steps with deadlines, ticked off or left out, and targets that are due.

Ticking is a conditional update, so that of two people who press at once one decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.store import cases
from app.store.models import RecoveryCase, StepRow, StepState
from app.words import Arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How much of people's part of a case is done."""

    done: int
    of: int


def waiting_of(session: Session, case_id: int) -> Sequence[StepRow]:
    """What a case waits for people with, in the order of the protocol."""
    statement = select(StepRow).where(StepRow.case_id == case_id, StepRow.state == StepState.WAITING)
    return session.scalars(statement.order_by(StepRow.id)).all()


def tick(session: Session, step_id: int, by: str, now: datetime) -> int | None:
    """A person has done it. Returns its case, or None when it does not wait any more; `now` is business time."""
    return _settle(session, step_id, StepState.DONE, by, now, "ticked off")


def leave_out(session: Session, step_id: int, by: str, now: datetime) -> int | None:
    """A person has decided not to do it; their reason is kept as a deviation. Returns as `tick` does."""
    return _settle(session, step_id, StepState.SKIPPED, by, now, "left out; the reason is on record")


def delegate(session: Session, step_id: int, by: str) -> int | None:
    """A person has the engine do their step, which then goes the way of its own: written as an intent, sent once.

    Returns as `tick` does.
    """
    return session.scalar(
        update(StepRow)
        .where(StepRow.id == step_id, StepRow.state == StepState.WAITING)
        .values(state=StepState.PLANNED, done_by=by)
        .returning(StepRow.case_id)
    )


def _settle(session: Session, step_id: int, state: StepState, by: str, now: datetime, reason: str) -> int | None:
    return session.scalar(
        update(StepRow)
        .where(StepRow.id == step_id, StepRow.state == StepState.WAITING)
        .values(state=state, done_by=by, settled_at=now, reason=reason)
        .returning(StepRow.case_id)
    )


def overdue(session: Session, now: datetime) -> Sequence[StepRow]:
    """People's steps of open cases whose deadline has passed (business time), and of which nobody has been told yet."""
    late = (StepRow.state == StepState.WAITING, StepRow.due_at <= now, StepRow.missed_at.is_(None))
    of_open = (
        select(StepRow)
        .join(RecoveryCase, RecoveryCase.id == StepRow.case_id)
        .where(RecoveryCase.open_key.is_not(None), *late)
    )
    return session.scalars(of_open.order_by(StepRow.id)).all()


def untouched(session: Session, now: datetime) -> Sequence[RecoveryCase]:
    """Open cases whose customer has not heard from anybody by the time that was set, and was not noticed yet."""
    late = or_(RecoveryCase.contacted_at.is_(None), RecoveryCase.contacted_at > RecoveryCase.touch_due_at)
    due = (RecoveryCase.touch_due_at <= now, RecoveryCase.touch_missed_at.is_(None), late)
    return _open(session, *due)


def unrecovered(session: Session, now: datetime) -> Sequence[RecoveryCase]:
    """Open cases that are not resolved by the time that was set, and were not noticed yet."""
    late = or_(RecoveryCase.resolved_at.is_(None), RecoveryCase.resolved_at > RecoveryCase.recover_due_at)
    due = (RecoveryCase.recover_due_at <= now, RecoveryCase.recover_missed_at.is_(None), late)
    return _open(session, *due)


def _open(session: Session, *conditions: object) -> Sequence[RecoveryCase]:
    statement = select(RecoveryCase).where(
        RecoveryCase.open_key.is_not(None),
        RecoveryCase.arm == Arm.TREATMENT,
        *conditions,  # type: ignore[arg-type]  # conditions of SQLAlchemy, typed as what they compare
    )
    return session.scalars(statement.order_by(RecoveryCase.id)).all()


def changed(session: Session, tracked_id: int) -> Sequence[StepRow]:
    """Steps that changed something on a ticket, in the order in which they did."""
    statement = select(StepRow).where(
        StepRow.tracked_id == tracked_id, StepRow.state == StepState.DONE, StepRow.change.is_not(None)
    )
    return session.scalars(statement.order_by(StepRow.settled_at, StepRow.id)).all()


def done_of(session: Session, case_id: int) -> Done:
    """How many of people's steps are done; those that were skipped by us count neither way."""
    counted = (StepState.WAITING, StepState.DONE)
    rows = session.execute(
        select(StepRow.state, func.count(StepRow.id))
        .where(StepRow.case_id == case_id, StepRow.owner.is_not(None), StepRow.state.in_(counted))
        .group_by(StepRow.state)
    )
    found = {state: number for state, number in rows}
    return Done(done=found.get(StepState.DONE, 0), of=sum(found.values()))


def case_of(session: Session, step_id: int) -> RecoveryCase | None:
    """The case of a step that waits for a person, or None."""
    row = session.get(StepRow, step_id)
    return cases.get(session, row.case_id) if row is not None and row.state is StepState.WAITING else None
