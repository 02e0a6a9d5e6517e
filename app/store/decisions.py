"""What protocols decided on tickets, non-decisions included; stored once until the answer changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.models import DecisionRow, TrackedTicket
from app.words import Decision


def record(
    session: Session,
    tracked: TrackedTicket,
    decision: Decision,
    *,
    case_id: int | None,
    at: datetime,
    shadow: bool = False,
) -> None:
    """Store a decision unless the version said the very same on this ticket last time; a `shadow` only watches."""
    if case_id is None and _said_last(session, tracked.id, decision, shadow=shadow):
        return
    session.add(
        DecisionRow(
            desk_id=tracked.desk_id,
            tracked_id=tracked.id,
            version_id=decision.version_id,
            case_id=case_id,
            outcome=decision.outcome,
            reason=decision.reason[:500],
            conditions=[_plain(condition._asdict()) for condition in decision.conditions],
            facts=_plain(dict(decision.facts)),
            shadow=shadow,
            at=at,
        )
    )


def of_ticket(session: Session, tracked_id: int) -> Sequence[DecisionRow]:
    """Oldest first."""
    return session.scalars(
        select(DecisionRow).where(DecisionRow.tracked_id == tracked_id).order_by(DecisionRow.id)
    ).all()


def _said_last(session: Session, tracked_id: int, decision: Decision, *, shadow: bool) -> bool:
    last = session.scalar(
        select(DecisionRow)
        .where(
            DecisionRow.tracked_id == tracked_id,
            DecisionRow.version_id == decision.version_id,
            DecisionRow.shadow == shadow,
        )
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    return last is not None and last.outcome is decision.outcome and last.reason == decision.reason[:500]


def _plain(value: Any) -> Any:
    """JSON's own types: sets become sorted lists, words of an enumeration become text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
