"""Taking back what withdrawn versions changed: what is planned when a rollback begins, and what a ticket's step wants.

The helpdesk is asked and written to by `performing.py` at the ticket's next look, as for every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols import changes
from app.protocols.actions.base import Effect
from app.protocols.actions.registry import ACTIONS
from app.protocols.cases import CaseEvent, advance, can_advance
from app.protocols.changes import Change, TakeBack
from app.store import cases, deferrals, rollbacks, steps, tracked_tickets
from app.store.models import RecoveryCase, RollbackRow, StepRow, StepState
from connectors.ticket import Ticket
from tasks import own_steps, recovery


def plan(session: Session, rollback: RollbackRow, now: datetime) -> int:
    """End the cases of the withdrawn versions and have what they changed taken back; on how many tickets.

    All in the transaction that withdraws them; `now` is business time.
    """
    rollbacks.lock_touched(session, rollback.withdrawn)
    # Whoever is about to open a case under one of these does so before us, or finds it withdrawn.
    deferrals.hold(session, rollback.desk_id)
    rollbacks.lock_touched(session, rollback.withdrawn)
    ended = rollbacks.cases_of(session, rollback.withdrawn)
    running = {case.tracked_id for case in ended if case.open_key is not None}
    for case in ended:
        _end(session, case, now, f"rolled back: {rollback.reason}")
    found = rollbacks.to_take_back(session, rollback.withdrawn)
    for newest in found.values():
        rollbacks.plan(session, rollback, newest, now)
    for tracked_id in sorted(running | set(found)):
        _look_anew(session, tracked_id)
    return len(found)


def _look_anew(session: Session, tracked_id: int) -> None:
    """Whatever is in force from now on decides anew, also on facts that are as they were."""
    tracked_tickets.get(session, tracked_id).facts_digest = None
    session.flush()
    tracked_tickets.wake(session, tracked_id, real_now())


def _end(session: Session, case: RecoveryCase, now: datetime, reason: str) -> None:
    case.taken_back_at = now
    if case.open_key is not None:
        end(session, case, now, reason)


def end(session: Session, case: RecoveryCase, now: datetime, reason: str) -> None:
    """Nothing that is planned on a case is done any more, and an open one is over."""
    waiting = (StepState.PLANNED, StepState.WAITING)
    rows = [row for row in steps.of_case(session, case.id) if row.state in waiting]
    recovery.call_off(session, case, now, reason)
    steps.finish(rows, StepState.SKIPPED, now, reason=reason)
    if can_advance(case.stage, CaseEvent.EXPIRE):
        cases.move(case, advance(case.stage, CaseEvent.EXPIRE), now, reason)


def outcome(session: Session, step: StepRow, ticket: Ticket) -> TakeBack:
    """What the step comes to on the ticket as it is."""
    return changes.take_back(behind(session, step), ticket)


def note(session: Session, rows: Iterable[StepRow], ticket: Ticket) -> None:
    """Remember what is about to be set back and what stays, for the report."""
    for row in rows:
        if row.do == own_steps.TAKE_BACK:
            rollbacks.note(session, row, outcome(session, row, ticket))


def left(session: Session, step_id: int, reason: str) -> list[dict[str, Any]]:
    """Everything that a step which came to nothing was to set back."""
    return [asdict(one) for one in changes.stays(behind(session, steps.get(session, step_id)), reason).kept]


def behind(session: Session, step: StepRow) -> list[Change]:
    """The changes that a step takes back, oldest first."""
    return [change for row in rollbacks.steps_behind(session, step) if (change := change_of(row)) is not None]


def change_of(row: StepRow) -> Change | None:
    """What a step that was carried out changed; None where the ticket had it already."""
    kind = ACTIONS.get(row.do)
    if kind is not None and kind.effect in (Effect.ALERT, Effect.VENDOR):
        return {**changes.NOTHING, "said": "alert"}
    if row.change:
        return row.change
    # With a receipt it was a call that changed something; without one the ticket had it already.
    return {**changes.NOTHING, "not_recorded": row.do} if row.receipt else None
