"""Whose tags are to go: closed cases under versions whose tags expire, and what their steps have set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.store.models import ProtocolVersion, RecoveryCase, StepRow, StepState

_KEY = "tags_expire_days"
BATCH = 200  #: cases in one transaction, so that nobody waits long for the database


def expiring_versions(session: Session) -> Sequence[int]:
    """Versions whose document speaks of tags that expire; whether they do is for who reads it."""
    return session.scalars(
        select(ProtocolVersion.id).where(ProtocolVersion.document.contains(_KEY)).order_by(ProtocolVersion.id)
    ).all()


def to_untag(session: Session, version_id: int, closed_before: datetime, do: str) -> Sequence[RecoveryCase]:
    """Cases of a version that were closed before then (business time) and have no step `do` that takes tags away."""
    gone = exists().where(StepRow.case_id == RecoveryCase.id, StepRow.do == do)
    tagged = exists().where(StepRow.case_id == RecoveryCase.id, StepRow.state == StepState.DONE)
    closed = (RecoveryCase.version_id == version_id, RecoveryCase.closed_at <= closed_before)
    return session.scalars(
        select(RecoveryCase).where(*closed, ~gone, tagged).order_by(RecoveryCase.id).limit(BATCH)
    ).all()


def expired(session: Session, step: StepRow) -> frozenset[str]:
    """The tags that the case of a step has set, but for those that an open case of the same ticket has set too."""
    others = session.scalars(
        select(RecoveryCase.id).where(RecoveryCase.tracked_id == step.tracked_id, RecoveryCase.open_key.is_not(None))
    )
    kept = frozenset(tag for case_id in others if case_id != step.case_id for tag in set_by(session, case_id))
    return set_by(session, step.case_id) - kept


def set_by(session: Session, case_id: int) -> frozenset[str]:
    """The tags that steps of a case have added and not taken away again, by what they changed."""
    rows = session.scalars(
        select(StepRow)
        .where(StepRow.case_id == case_id, StepRow.state == StepState.DONE, StepRow.change.is_not(None))
        .order_by(StepRow.settled_at, StepRow.id)
    )
    tags: set[str] = set()
    for row in rows:
        change = row.change or {}
        tags |= set(change.get("after", {}).get("tags", ()))
        tags -= set(change.get("before", {}).get("tags", ()))
    return frozenset(tags)
