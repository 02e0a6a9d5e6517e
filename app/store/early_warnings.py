"""When tickets that were rated had been flagged poor; read only, for the report of early warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.store.models import RatingRow, ScoreRow
from app.words import Level

BATCH = 1_000


def rated_tickets(session: Session) -> Iterator[tuple[float, datetime, datetime | None, int]]:
    """Per ticket its first rating, its moment, when the score first was poor before it, and how many messages of the
    customer came after that and before the rating."""
    yield from (tuple(row) for row in session.execute(_statement()).yield_per(BATCH))


def _statement() -> Select[Any]:
    turn = func.row_number().over(partition_by=RatingRow.tracked_id, order_by=(RatingRow.at, RatingRow.id))
    ranked = select(RatingRow.tracked_id, RatingRow.value, RatingRow.at, turn.label("turn")).subquery()
    first = select(ranked).where(ranked.c.turn == 1).subquery()
    poor = (
        select(func.min(ScoreRow.at))
        .where(ScoreRow.tracked_id == first.c.tracked_id, ScoreRow.at < first.c.at)
        .where(ScoreRow.because != "rating", ScoreRow.level == Level.POOR)
        .scalar_subquery()
    )
    # Kept as it is found, so that no score is looked up once more for each of those that are counted.
    flagged = (
        select(first.c.tracked_id, first.c.value, first.c.at, poor.label("poor_at"))
        .cte("flagged")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    left = (
        select(func.count(ScoreRow.message_id))
        .where(ScoreRow.tracked_id == flagged.c.tracked_id)
        .where(ScoreRow.at > flagged.c.poor_at, ScoreRow.at < flagged.c.at)
        .scalar_subquery()
    )
    return select(flagged.c.value, flagged.c.at, flagged.c.poor_at, left).order_by(flagged.c.tracked_id)
