"""Scores that were given: one per customer message, and one where time or a rating changed the state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import ScoreRow, TrackedTicket
from app.words import Contribution, Score


def record(session: Session, tracked: TrackedTicket, score: Score, *, message_id: str | None, because: str) -> ScoreRow:
    """Store a score; `because` is message, time or rating."""
    reasons = {"contributions": [asdict(part) for part in score.contributions], "abstained": list(score.abstained)}
    row = ScoreRow(
        desk_id=tracked.desk_id,
        tracked_id=tracked.id,
        message_id=message_id,
        because=because,
        at=score.at,
        p_satisfied=score.p_satisfied,
        p_satisfied_now=score.p_satisfied_now,
        trend=score.trend,
        score=score.score,
        level=score.level,
        direction=score.direction,
        state=score.state,
        provisional=score.provisional,
        base_logit=score.base_logit,
        p_uncalibrated=score.p_uncalibrated,
        model=score.model,
        calibrated=score.calibrated,
        sealed_reasons=vault_of(session).seal(json.dumps(reasons)),
        factors={part.signal: part.logit for part in score.contributions},
    )
    session.add(row)
    return row


def current(session: Session, tracked: TrackedTicket, score: Score) -> None:
    """Make this the ticket's standing score."""
    if tracked.state is not score.state:
        tracked.state_since = score.at
    tracked.state = score.state
    tracked.level = score.level
    tracked.direction = score.direction
    tracked.score = score.score
    tracked.p_satisfied = score.p_satisfied
    tracked.provisional = score.provisional
    tracked.scored_at = score.at
    tracked.unscored_reason = None


def of_ticket(session: Session, tracked_id: int, limit: int = 500) -> Sequence[ScoreRow]:
    """The newest `limit` scores, oldest first."""
    newest = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id).order_by(ScoreRow.at.desc(), ScoreRow.id.desc())
    return list(reversed(session.scalars(newest.limit(limit)).all()))


def reasons(session: Session, row: ScoreRow) -> tuple[Contribution, ...]:
    """Why, with evidence; without it once the words were erased."""
    if row.sealed_reasons is None:
        return tuple(Contribution(signal=name, logit=logit, evidence="") for name, logit in row.factors.items())
    opened = json.loads(vault_of(session).open(row.sealed_reasons))
    return tuple(Contribution(**part) for part in opened["contributions"])


def previous_before(session: Session, tracked_id: int, at: datetime) -> ScoreRow | None:
    """The last score given before this moment."""
    earlier = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id, ScoreRow.at < at)
    return session.scalar(earlier.order_by(ScoreRow.at.desc(), ScoreRow.id.desc()).limit(1))


def count_messages(session: Session) -> int:
    """Customer messages that have a score of their own."""
    return session.scalar(select(func.count()).select_from(ScoreRow).where(ScoreRow.message_id.is_not(None))) or 0
