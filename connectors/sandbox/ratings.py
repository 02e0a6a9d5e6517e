"""Both of the vendor's rating systems: legacy good/bad, and surveys from 1 to 5. One is active at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.refusals import Missing
from connectors.sandbox.stamps import iso, make_secret, make_ulid
from connectors.sandbox.store import Db, Row, insert, next_id
from connectors.sandbox.tickets import Ticket

#: How long a survey can be answered.
_OPEN_FOR = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyResponse:
    number: int
    id: str
    ticket_id: int
    responder_id: int
    token: str
    rating: int | None  #: 1 to 5; None while nobody has answered
    comment: str | None
    created_ms: int
    answered_at: str | None
    expires_at: str


def rate(db: Db, ticket: Ticket, *, score: str, comment: str, now: str) -> int:
    """A legacy rating, "good" or "bad"; a second one replaces the first, as at the vendor. Returns its id."""
    row = db.execute("SELECT id FROM rating WHERE ticket_id = ?", (ticket.id,)).fetchone()
    if row is not None:
        db.execute(
            "UPDATE rating SET score = ?, comment = ?, updated_at = ? WHERE id = ?", (score, comment, now, row["id"])
        )
        return int(row["id"])
    rating_id = next_id(db)
    insert(
        db,
        "rating",
        id=rating_id,
        ticket_id=ticket.id,
        requester_id=ticket.requester_id,
        assignee_id=ticket.assignee_id,
        group_id=ticket.group_id,
        score=score,
        comment=comment,
        created_at=now,
        updated_at=now,
    )
    return rating_id


def find_legacy(db: Db, ticket_id: int) -> dict[str, Any] | None:
    """The ticket's legacy rating as it stands inside a ticket: id, score, comment."""
    row = db.execute("SELECT * FROM rating WHERE ticket_id = ?", (ticket_id,)).fetchone()
    if row is None:
        return None
    return {"id": row["id"], "score": row["score"], "comment": row["comment"], "reason": ""}


def offer(db: Db, *, ticket_id: int, responder_id: int, moment: datetime) -> SurveyResponse:
    """A new, unanswered survey response."""
    number = next_id(db, "survey_response", first=1)
    insert(
        db,
        "survey_response",
        number=number,
        id=make_ulid(),
        ticket_id=ticket_id,
        responder_id=responder_id,
        token=make_secret(),
        created_ms=int(moment.timestamp() * 1000),
        expires_at=iso(moment + _OPEN_FOR),
    )
    row = db.execute("SELECT * FROM survey_response WHERE number = ?", (number,)).fetchone()
    return response_of(row)


def respond(db: Db, response: SurveyResponse, *, rating: int, comment: str, now: str) -> None:
    """Answer it, or answer it anew."""
    db.execute(
        "UPDATE survey_response SET rating = ?, comment = ?, answered_at = ? WHERE number = ?",
        (rating, comment, now, response.number),
    )


def response_of(row: Row) -> SurveyResponse:
    return SurveyResponse(**dict(row))


def get(db: Db, response_id: str) -> SurveyResponse:
    """Raises Missing."""
    row = db.execute("SELECT * FROM survey_response WHERE id = ?", (response_id,)).fetchone()
    if row is None:
        raise Missing(f"no survey response {response_id}")
    return response_of(row)


def responses(db: Db, ticket_id: int) -> list[SurveyResponse]:
    rows = db.execute("SELECT * FROM survey_response WHERE ticket_id = ? ORDER BY number", (ticket_id,))
    return [response_of(row) for row in rows]


def category(rating: int) -> str:
    """The vendor's three words for five points."""
    return "bad" if rating <= 2 else "neutral" if rating == 3 else "good"
