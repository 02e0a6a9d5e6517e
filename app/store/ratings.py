"""Ratings customers gave at the helpdesk; append-only, with who had the ticket at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import RatingRow, TrackedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A rating as read: `rating_id` is the helpdesk's own, `value` is normalised to [0, 1]."""

    rating_id: str
    value: float
    original: str
    scale: str
    at: datetime
    comment: str


def record(session: Session, tracked: TrackedTicket, given: Given) -> RatingRow | None:
    """Store a rating, or None when this very rating is stored already.

    A rating that was changed at the helpdesk keeps its id there, so the same id with another value is another row.
    """
    rating_id = f"{given.rating_id}:{given.original}"
    known = select(RatingRow.id).where(RatingRow.tracked_id == tracked.id, RatingRow.rating_id == rating_id)
    if session.scalar(known) is not None:
        return None
    row = RatingRow(
        desk_id=tracked.desk_id,
        tracked_id=tracked.id,
        person_id=tracked.person_id,
        rating_id=rating_id,
        value=given.value,
        original=given.original,
        scale=given.scale,
        sealed_comment=vault_of(session).seal(given.comment) if given.comment else None,
        at=given.at,
        assignee_id=tracked.assignee_id,
        group_id=tracked.group_id,
        organization_id=tracked.organization_id,
    )
    session.add(row)
    session.flush()
    return row


def newest(session: Session, tracked_id: int) -> RatingRow | None:
    latest = (
        select(RatingRow).where(RatingRow.tracked_id == tracked_id).order_by(RatingRow.at.desc(), RatingRow.id.desc())
    )
    return session.scalar(latest.limit(1))


def history(session: Session, person_id: int, except_tracked: int) -> Sequence[tuple[datetime, float]]:
    """This person's ratings on other tickets with their times, newest first, at most 200."""
    rows = session.execute(
        select(RatingRow.at, RatingRow.value)
        .where(RatingRow.person_id == person_id, RatingRow.tracked_id != except_tracked)
        .order_by(RatingRow.at.desc())
        .limit(200)
    )
    return [(at, value) for at, value in rows]
