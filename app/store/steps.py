"""Steps: actions planned for a case, with their fate. The intent to send is committed before anything is sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.protocols.changes import NOTHING, merged
from app.store.desks import NotFound
from app.store.models import RecoveryCase, StepRow, StepState

OPEN_STATES = (StepState.PLANNED, StepState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One step to be: `action` is unique within a version, `do` names what performs it."""

    action: str
    do: str
    params: dict[str, Any]
    owner: str | None = None  #: who is to see to it
    due_at: datetime | None = None  #: business time
    waits: bool = False  #: a person's to do


def plan(session: Session, case: RecoveryCase, planned: Iterable[Planned], now: datetime) -> list[StepRow]:
    """Store the steps of one round of a case; those that are there already stay as they are."""
    there = set(
        session.scalars(
            select(StepRow.action).where(
                StepRow.case_id == case.id, StepRow.version_id == case.version_id, StepRow.round == case.round
            )
        )
    )
    added = [
        StepRow(
            desk_id=case.desk_id,
            case_id=case.id,
            tracked_id=case.tracked_id,
            version_id=case.version_id,
            action=step.action,
            do=step.do,
            round=case.round,
            params=step.params,
            state=StepState.WAITING if step.waits else StepState.PLANNED,
            owner=step.owner,
            due_at=step.due_at,
            marker=f"kintsugi-{secrets.token_hex(12)}",
            planned_at=now,
        )
        for step in planned
        if step.action not in there
    ]
    session.add_all(added)
    session.flush()
    return added


def get(session: Session, step_id: int) -> StepRow:
    """Raises NotFound."""
    step = session.get(StepRow, step_id)
    if step is None:
        raise NotFound(f"step {step_id}")
    return step


def open_of(session: Session, tracked_id: int) -> Sequence[StepRow]:
    """What is still to do on a ticket, in the order of planning."""
    statement = select(StepRow).where(StepRow.tracked_id == tracked_id, StepRow.state.in_(OPEN_STATES))
    return session.scalars(statement.order_by(StepRow.id)).all()


def of_case(session: Session, case_id: int) -> Sequence[StepRow]:
    return session.scalars(select(StepRow).where(StepRow.case_id == case_id).order_by(StepRow.id)).all()


def with_ids(session: Session, ids: Iterable[int]) -> Sequence[StepRow]:
    wanted = list(ids)
    return session.scalars(select(StepRow).where(StepRow.id.in_(wanted)).order_by(StepRow.id)).all() if wanted else []


def intend(rows: Iterable[StepRow], now: datetime) -> None:
    """The call is about to be made; `now` is mechanism time."""
    for row in rows:
        row.state = StepState.SENDING
        row.attempts += 1
        row.sent_at = now


def take_back(rows: Iterable[StepRow]) -> None:
    """The call's effect is not there; it may be made again."""
    for row in rows:
        row.state = StepState.PLANNED


def not_sent(rows: Iterable[StepRow]) -> None:
    """The call was certainly refused before it took effect: it counts as if it had not been made."""
    for row in rows:
        row.state = StepState.PLANNED
        row.attempts -= 1
        row.change = None


def remember_changes(rows: Iterable[StepRow], found: Mapping[str, Mapping[str, Any]]) -> None:
    """What each step is about to change, by marker; see `app.protocols.changes`. Only a step that is done has changed
    it. What an interrupted call may have done already stays remembered."""
    for row in rows:
        row.change = dict(merged(row.change, found.get(row.marker)) or NOTHING)


def finish(
    rows: Iterable[StepRow], state: StepState, now: datetime, *, reason: str | None = None, receipt: str | None = None
) -> None:
    """End steps; `now` is business time."""
    for row in rows:
        row.state = state
        row.settled_at = now
        row.reason = reason[:500] if reason else row.reason
        row.receipt = receipt or row.receipt


def skip_open(session: Session, case_id: int, now: datetime, reason: str) -> None:
    """Nothing of a case is to be done any more, by us or by people."""
    finish(_in_states(session, case_id, StepState.PLANNED, StepState.WAITING), StepState.SKIPPED, now, reason=reason)


def end_waiting(session: Session, case_id: int, now: datetime, reason: str) -> None:
    """Nothing of a case is people's to do any more."""
    finish(_in_states(session, case_id, StepState.WAITING), StepState.SKIPPED, now, reason=reason)


def _in_states(session: Session, case_id: int, *states: StepState) -> Sequence[StepRow]:
    return session.scalars(select(StepRow).where(StepRow.case_id == case_id, StepRow.state.in_(states))).all()


def unsure(session: Session) -> Sequence[StepRow]:
    """Steps of which nobody knows whether their words left."""
    return session.scalars(select(StepRow).where(StepRow.state == StepState.NEEDS_REVIEW)).all()
