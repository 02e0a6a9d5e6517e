"""A ticket's standing score explained, with what is known beside it: read only, for pages, the sidebar and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.scoring.explain import Explanation, explain, fresh_trouble
from app.store import insights, scores
from app.store.insights import Insight
from app.store.models import Message, ScoreRow, TrackedTicket
from app.words import Contribution, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Where the conversation turned for the worse: a message of it, or an earlier ticket that it began poor because
    of."""

    message_id: str | None = None
    at: datetime | None = None
    reasons: tuple[Contribution, ...] = ()  #: what newly lowered the score there
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that is said of one ticket's satisfaction; the same values wherever it is shown."""

    score: Score | None
    explanation: Explanation | None
    insight: Insight
    turning: Turning | None


def of_ticket(session: Session, tracked: TrackedTicket) -> View:
    """The view of a ticket as it stands."""
    score = scores.standing(session, tracked)
    before = scores.of_message_before(session, tracked.id, score) if score else None
    return View(
        score=score,
        explanation=explain(score, before) if score else None,
        insight=insights.of_ticket(session, tracked),
        turning=_turning(session, tracked),
    )


def _turning(session: Session, tracked: TrackedTicket) -> Turning | None:
    if tracked.turning_ticket_id is not None:
        return Turning(ticket_id=tracked.turning_ticket_id)
    if tracked.turning_message_id is None:
        return None
    turned = session.scalar(
        select(ScoreRow).where(ScoreRow.tracked_id == tracked.id, ScoreRow.message_id == tracked.turning_message_id)
    )
    said = session.scalar(
        select(Message).where(Message.tracked_id == tracked.id, Message.message_id == tracked.turning_message_id)
    )
    return Turning(
        message_id=tracked.turning_message_id,
        at=said.at if said else None,
        reasons=_reasons(session, turned) if turned else (),
    )


def _reasons(session: Session, turned: ScoreRow) -> tuple[Contribution, ...]:
    before = session.scalar(
        select(ScoreRow)
        .where(ScoreRow.tracked_id == turned.tracked_id, ScoreRow.message_id.is_not(None), ScoreRow.id < turned.id)
        .order_by(ScoreRow.id.desc())
        .limit(1)
    )
    earlier = scores.reasons(session, before) if before else ()
    return fresh_trouble(earlier, scores.reasons(session, turned))
