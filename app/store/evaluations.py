"""Evaluations: the facts of a ticket whenever they changed, with the moment and the ticket's own fields.

What they mean is `app.protocols`' business; here they are stored, found and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, Select, delete, select
from sqlalchemy.orm import Session

from app.protocols.evaluation import (
    Evaluation,
    changed,
    plain_facts,
    plain_snapshot,
    read_facts,
    read_snapshot,
)
from app.store.models import EvaluationRow, TrackedTicket

PAGE = 2_000  #: rows fetched at a time


def record(session: Session, tracked: TrackedTicket, evaluation: Evaluation) -> bool:
    """Store what is known now; False where nothing was decided and nothing but time is different from last time."""
    if not evaluation.decided:
        before = newest(session, tracked.id)
        if before is not None and not changed(before, evaluation.facts, evaluation.ticket):
            return False
    session.add(
        EvaluationRow(
            desk_id=tracked.desk_id,
            tracked_id=tracked.id,
            at=evaluation.at,
            as_of=evaluation.as_of,
            facts=plain_facts(evaluation.facts),
            ticket=plain_snapshot(evaluation.ticket),
            in_force=[list(pair) for pair in evaluation.in_force],
            decided=evaluation.decided,
        )
    )
    session.flush()
    return True


def newest(session: Session, tracked_id: int, *, decided: bool = False) -> Evaluation | None:
    """What was known of the ticket last, or when something was `decided` last."""
    of_ticket = _with_ticket().where(EvaluationRow.tracked_id == tracked_id)
    wanted = of_ticket.where(EvaluationRow.decided) if decided else of_ticket
    found = session.execute(wanted.order_by(EvaluationRow.id.desc()).limit(1)).first()
    return _read(*found) if found else None


def of_ticket(session: Session, tracked_id: int) -> Sequence[Evaluation]:
    """Oldest first."""
    statement = _with_ticket().where(EvaluationRow.tracked_id == tracked_id).order_by(EvaluationRow.id)
    return [_read(row, ticket_id) for row, ticket_id in session.execute(statement)]


def between(session: Session, start: datetime, end: datetime) -> Iterator[Evaluation]:
    """Those of all tickets from `start` to before `end` (business time), in the order in which they were made."""
    within = _with_ticket().where(EvaluationRow.at >= start, EvaluationRow.at < end)
    rows = session.execute(within.order_by(EvaluationRow.at, EvaluationRow.id), execution_options={"yield_per": PAGE})
    for row, ticket_id in rows:
        yield _read(row, ticket_id)


def first_at(session: Session) -> datetime | None:
    """When the oldest one that is kept was made."""
    return session.scalar(select(EvaluationRow.at).order_by(EvaluationRow.at).limit(1))


def forget(session: Session, before: datetime) -> int:
    """Drop those made before then (business time); returns how many."""
    result = session.execute(
        delete(EvaluationRow).where(EvaluationRow.at < before), execution_options={"synchronize_session": False}
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _with_ticket() -> Select[EvaluationRow, str]:
    return select(EvaluationRow, TrackedTicket.ticket_id).join(
        TrackedTicket, TrackedTicket.id == EvaluationRow.tracked_id
    )


def _read(row: EvaluationRow, ticket_id: str) -> Evaluation:
    return Evaluation(
        tracked_id=row.tracked_id,
        ticket_id=ticket_id,
        at=row.at,
        as_of=row.as_of,
        facts=read_facts(row.facts),
        ticket=read_snapshot(row.ticket),
        in_force=tuple((version_id, order) for version_id, order in row.in_force),
        decided=row.decided,
    )
