"""Scores that were given: one per customer message, and one where time or a rating changed the state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import Label, ScoreRow, TrackedTicket
from app.words import Contribution, Score


def record(
    session: Session,
    tracked: TrackedTicket,
    score: Score,
    *,
    message_id: str | None,
    because: str,
    again: bool = False,
) -> ScoreRow:
    """Store a score; `because` is message, time or rating. A message that is read anew (`again`) keeps its place in the
    history, and whatever people have said of its score."""
    same = select(ScoreRow).where(ScoreRow.tracked_id == tracked.id, ScoreRow.message_id == message_id)
    row = session.scalar(same) if again else None
    if row is None:
        row = ScoreRow(desk_id=tracked.desk_id, tracked_id=tracked.id, message_id=message_id)
        session.add(row)
    for name in _KEPT:
        setattr(row, name, getattr(score, name))
    row.because, row.at = because, score.at
    row.sealed_reasons = _seal_reasons(session, score)
    row.factors = {part.signal: part.logit for part in score.contributions}
    return row


def scored(session: Session, tracked_id: int, message_ids: Sequence[str]) -> frozenset[str]:
    """Which of these messages have a score."""
    known = select(ScoreRow.message_id).where(ScoreRow.tracked_id == tracked_id, ScoreRow.message_id.in_(message_ids))
    return frozenset(one for one in session.scalars(known) if one) if message_ids else frozenset()


def drop_unsaid(session: Session, tracked_id: int) -> None:
    """Forget scores of messages that are no customer's words to us any more, but for those people had an opinion on."""
    session.flush()
    judged = exists().where(Label.score_id == ScoreRow.id)
    unsaid = delete(ScoreRow).where(
        ScoreRow.tracked_id == tracked_id, ScoreRow.message_id.is_not(None), ScoreRow.sealed_reasons.is_(None), ~judged
    )
    session.execute(unsaid, execution_options={"synchronize_session": False})


def _seal_reasons(session: Session, score: Score) -> bytes:
    reasons = {"contributions": [asdict(part) for part in score.contributions], "abstained": list(score.abstained)}
    return vault_of(session).seal(json.dumps(reasons))


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
    tracked.p_satisfied_now = score.p_satisfied_now
    tracked.trend = score.trend
    tracked.base_logit = score.base_logit
    tracked.p_uncalibrated = score.p_uncalibrated
    tracked.model = score.model
    tracked.calibrated = score.calibrated
    tracked.factors = {part.signal: part.logit for part in score.contributions}
    tracked.sealed_reasons = _seal_reasons(session, score)


def standing(session: Session, tracked: TrackedTicket) -> Score | None:
    """The ticket's standing score, to the last digit; None while it has none."""
    if tracked.p_satisfied_now is None or tracked.scored_at is None:
        last = of_ticket(session, tracked.id, limit=1)
        return as_score(session, last[-1]) if last and tracked.score is not None else None
    return as_score(session, tracked)


def as_score(session: Session, row: ScoreRow | TrackedTicket) -> Score:
    """A stored score as the value it was; without evidence once the words were erased."""
    at = row.at if isinstance(row, ScoreRow) else row.scored_at
    kept = {name: getattr(row, name) for name in _KEPT}
    contributions, abstained = _opened(session, row)
    assert at is not None
    return Score(at=at, contributions=contributions, abstained=abstained, **kept)


_KEPT = (
    "p_satisfied", "p_satisfied_now", "trend", "score", "level", "direction", "state", "provisional", "base_logit",
    "p_uncalibrated", "model", "calibrated",
)  # fmt: skip


def _opened(session: Session, row: ScoreRow | TrackedTicket) -> tuple[tuple[Contribution, ...], tuple[str, ...]]:
    if row.sealed_reasons is None:
        factors = row.factors or {}
        return tuple(Contribution(signal=name, logit=logit, evidence="") for name, logit in factors.items()), ()
    opened = json.loads(vault_of(session).open(row.sealed_reasons))
    return tuple(Contribution(**part) for part in opened["contributions"]), tuple(opened["abstained"])


def of_ticket(session: Session, tracked_id: int, limit: int = 500) -> Sequence[ScoreRow]:
    """The newest `limit` scores, oldest first."""
    newest = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id).order_by(ScoreRow.at.desc(), ScoreRow.id.desc())
    return list(reversed(session.scalars(newest.limit(limit)).all()))


def reasons(session: Session, row: ScoreRow) -> tuple[Contribution, ...]:
    """Why, with evidence; without it once the words were erased."""
    return _opened(session, row)[0]


def of_message_before(session: Session, tracked_id: int, score: Score) -> Score | None:
    """The score of the customer's previous message: the newest that was given before this one, for a message.

    Messages of one moment are told apart by the order in which they were read.
    """
    rows = session.scalars(
        select(ScoreRow)
        .where(ScoreRow.tracked_id == tracked_id, ScoreRow.message_id.is_not(None), ScoreRow.at <= score.at)
        .order_by(ScoreRow.id.desc())
        .limit(2)
    ).all()
    if rows and rows[0].at == score.at and rows[0].p_satisfied == score.p_satisfied:
        rows = rows[1:]
    return as_score(session, rows[0]) if rows else None


def series(session: Session, tracked_id: int, limit: int) -> Sequence[tuple[str, float]]:
    """Message id and p_satisfied of the newest scores of messages, in the order in which they were read."""
    newest = (
        select(ScoreRow.message_id, ScoreRow.p_satisfied)
        .where(ScoreRow.tracked_id == tracked_id, ScoreRow.message_id.is_not(None))
        .order_by(ScoreRow.id.desc())
        .limit(limit)
    )
    found = reversed(session.execute(newest).all())
    return [(message_id, p_satisfied) for message_id, p_satisfied in found if message_id is not None]


def opening(session: Session, tracked_id: int) -> ScoreRow | None:
    """The score of the first message."""
    first = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id, ScoreRow.message_id.is_not(None))
    return session.scalar(first.order_by(ScoreRow.id).limit(1))


def previous_before(session: Session, tracked_id: int, at: datetime) -> ScoreRow | None:
    """The last score given before this moment."""
    earlier = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id, ScoreRow.at < at)
    return session.scalar(earlier.order_by(ScoreRow.at.desc(), ScoreRow.id.desc()).limit(1))


def count_messages(session: Session) -> int:
    """Customer messages that have a score of their own."""
    return session.scalar(select(func.count()).select_from(ScoreRow).where(ScoreRow.message_id.is_not(None))) or 0
