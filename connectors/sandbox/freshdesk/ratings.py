"""Customer ratings: the account's one survey, its scale, and the answers that were given to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import tickets
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.freshdesk.answers import Listing, answer, body, chosen, desk, only, paged
from connectors.sandbox.freshdesk.codes import FACES, SCALES
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.freshdesk.shapes import satisfaction_json
from connectors.sandbox.freshdesk.wanted import Reading
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.store import Db, Row, insert, next_id
from connectors.sandbox.tickets import Ticket

api = Blueprint("freshdesk_ratings", __name__)

_QUESTION = "default_question"
_WORDS = {"good": 103, "bad": -103}


def survey_id(account: SandboxAccount) -> int:
    """The number of the account's one survey, which nothing else in the account has."""
    return account.form_id


def scale(helpdesk: Helpdesk, db: Db) -> tuple[int, ...]:
    """The codes of the survey, from the best down."""
    return SCALES[helpdesk.setting(db, "rating_points")]


def code_of(score: Any, codes: tuple[int, ...]) -> int:
    """A face from what people say: good or bad, one to five stars, or the code itself. Raises Malformed."""
    if isinstance(score, str) and score in _WORDS:
        return _WORDS[score]
    if isinstance(score, int) and not isinstance(score, bool):
        if score in codes:
            return score
        if 1 <= score <= 5:
            return codes[round((5 - score) / 4 * (len(codes) - 1))]
    raise Malformed("score must be good, bad, 1 to 5, or a code of the survey")


def rate(db: Db, helpdesk: Helpdesk, ticket: Ticket, code: int, feedback: str) -> Row:
    """Store a rating and tell of it: each one is kept, the newest is what counts."""
    rating_id = next_id(db)
    insert(
        db,
        "satisfaction",
        id=rating_id,
        ticket_id=ticket.id,
        user_id=ticket.requester_id,
        agent_id=ticket.assignee_id,
        group_id=ticket.group_id,
        code=code,
        feedback=feedback or None,
        created_at=helpdesk.now(),
        updated_at=helpdesk.now(),
    )
    helpdesk.touch(db, ticket, "csat_received", {"code": code})
    row: Row = db.execute("SELECT * FROM satisfaction WHERE id = ?", (rating_id,)).fetchone()
    return row


def given(db: Db, ticket_id: int) -> list[dict[str, Any]]:
    """The ticket's ratings in words, oldest first."""
    rows = db.execute("SELECT * FROM satisfaction WHERE ticket_id = ? ORDER BY id", (ticket_id,))
    return [{"score": FACES[row["code"]], "comment": row["feedback"] or ""} for row in rows]


def _show(_: Db, row: Row) -> dict[str, Any]:
    return satisfaction_json(row, survey_id(desk().account))


@api.get("/surveys")
def surveys() -> Response:
    only({"state", "page", "per_page"})
    chosen("state", ("active", "all"), "all")
    helpdesk = desk()
    with helpdesk.file.reading() as db:
        question = {
            "id": _QUESTION,
            "label": "How would you rate your experience with us?",
            "accepted_ratings": list(scale(helpdesk, db)),
            "default": True,
        }
    made = "2020-01-01T00:00:00Z"
    survey = {"id": survey_id(helpdesk.account), "title": "Satisfaction", "active": True, "questions": [question]}
    return answer([{**survey, "created_at": made, "updated_at": made}])


@api.get("/surveys/satisfaction_ratings")
def index() -> Response:
    """Without `created_since`, those of the last thirty days would come; here everything does."""
    only({"created_since", "user_id", "page", "per_page"})
    where, params = ["1"], []
    for name, test in (("created_since", "created_at >= ?"), ("user_id", "user_id = ?")):
        if request.args.get(name):
            where.append(test)
            params.append(request.args[name])
    with desk().file.reading() as db:
        return paged(db, Listing(table="satisfaction", show=_show, where=" AND ".join(where), params=tuple(params)))


@api.get("/tickets/<int:ticket_id>/satisfaction_ratings")
def of_ticket(ticket_id: int) -> Response:
    only({"page", "per_page"})
    with desk().file.reading() as db:
        tickets.get(db, ticket_id)
        return paged(db, Listing(table="satisfaction", show=_show, where="ticket_id = ?", params=(ticket_id,)))


@api.post("/tickets/<int:ticket_id>/satisfaction_ratings")
def create(ticket_id: int) -> Response:
    """Records a rating; no survey is sent to anybody."""
    wanted, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        ticket = tickets.get(db, ticket_id)
        reading = Reading(db, wanted, {"feedback", "ratings"})
        ratings, codes = wanted.get("ratings"), scale(helpdesk, db)
        if reading.typed("ratings", ratings, dict) and (ratings or {}).get(_QUESTION) not in codes:
            listed = ",".join(str(code) for code in codes)
            reading.faults.append(Fault(field=_QUESTION, message=f"It should be one of these values: '{listed}'"))
        if reading.faults:
            raise Wrong(reading.faults)
        row = rate(db, helpdesk, ticket, (ratings or {})[_QUESTION], str(wanted.get("feedback") or ""))
        return answer(_show(db, row), 201)
