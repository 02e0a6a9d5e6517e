"""What people think of a score: agree or disagree, one opinion per person and score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.models import Label, ScoreRow
from app.words import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One person's view of one score; `by` is agent:<helpdesk's id> or account:<our id>."""

    agrees: bool
    by: str
    inputs: Mapping[str, float]  #: the conversation in numbers, as it is now


def record(session: Session, score: ScoreRow, opinion: Opinion, now: datetime) -> Label:
    """Store an opinion; a second one of the same person on the same score takes the place of the first."""
    label = session.scalar(select(Label).where(Label.score_id == score.id, Label.by == opinion.by))
    if label is None:
        label = Label(desk_id=score.desk_id, tracked_id=score.tracked_id, score_id=score.id, by=opinion.by)
        session.add(label)
    label.agrees = opinion.agrees
    label.satisfied = (score.level is Level.GOOD) is opinion.agrees
    label.inputs = dict(opinion.inputs)
    label.at = now
    session.flush()
    return label


def find(session: Session, score_id: int, by: str) -> Label | None:
    """What this person said of this score."""
    return session.scalar(select(Label).where(Label.score_id == score_id, Label.by == by))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Label)) or 0
