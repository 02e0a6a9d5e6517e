"""The endpoints of both rating systems: legacy satisfaction ratings, and survey responses with their links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import people, ratings, tickets
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.ratings import SurveyResponse
from connectors.sandbox.refusals import Forbidden, Malformed
from connectors.sandbox.stamps import iso, real_now
from connectors.sandbox.store import Db, Row
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.zendesk.answers import Listing, answer, api_url, desk, number, paged, payload, require_admin

api = Blueprint("zendesk_ratings", __name__)

_QUESTIONS = ("rating_scale", "open_ended")
_LABELS = ("Very unsatisfied", "Unsatisfied", "Neutral", "Satisfied", "Very satisfied")


def _legacy(row: Row) -> dict[str, Any]:
    return {
        "url": api_url(f"satisfaction_ratings/{row['id']}.json"),
        "id": row["id"],
        "ticket_id": row["ticket_id"],
        "requester_id": row["requester_id"],
        "assignee_id": row["assignee_id"],
        "group_id": row["group_id"],
        "score": row["score"],
        "comment": row["comment"] or None,
        "reason": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def rated(db: Db, helpdesk: Helpdesk, ticket: Ticket, score: Any) -> None:
    """Tell of a rating, in the transaction that stored it. The ticket changes with it, so exports see it again."""
    word = score if isinstance(score, str) else ratings.category(score)
    helpdesk.touch(db, ticket, "csat_received", {"satisfaction_score": {"score": word}})


@api.get("/satisfaction_ratings")
def index() -> Response:
    require_admin()
    where, params = _filtered(
        [
            ("score", "score = ?", str),
            ("start_time", "updated_at >= ?", _epoch_seconds),
            ("end_time", "updated_at <= ?", _epoch_seconds),
        ]
    )
    with desk().file.reading() as db:
        listing = Listing(name="satisfaction_ratings", table="rating", show=_legacy, where=where, params=params)
        return answer(paged(db, listing))


def _epoch_seconds(text: str) -> str:
    try:
        return iso(datetime.fromtimestamp(number(text, "time"), real_now().tzinfo))
    except (OverflowError, OSError) as error:
        raise Malformed("time must be epoch seconds") from error


def _filtered(filters: list[tuple[str, str, Callable[[str], Any]]]) -> tuple[str, tuple[Any, ...]]:
    """The sql condition for those of the (argument, condition, reader) that the query has."""
    parts, params = ["1"], []
    for name, condition, read in filters:
        text = request.args.get(name)
        if text:
            parts.append(condition)
            params.append(read(text))
    return " AND ".join(parts), tuple(params)


@api.post("/tickets/<int:ticket_id>/satisfaction_rating")
def rate(ticket_id: int) -> Response:
    """Only the requester may rate, so credentials of staff are always refused, as at the vendor."""
    with desk().file.reading() as db:
        tickets.get(db, ticket_id)
    raise Forbidden("only the requester may rate")


def response_json(response: SurveyResponse) -> dict[str, Any]:
    zrn = f"zen:ticket:{response.ticket_id}"
    return {
        "id": response.id,
        "responder_id": response.responder_id,
        "expires_at": response.expires_at,
        "subject_zrns": [zrn],
        "subjects": [{"id": str(response.ticket_id), "type": "ticket", "zrn": zrn}],
        "survey": {"id": desk().account.survey_id, "version": 1, "state": "enabled"},
        "answers": _answers(response),
    }


def _answers(response: SurveyResponse) -> list[dict[str, Any]]:
    if response.rating is None:
        return []
    times = {"created_at": response.answered_at, "updated_at": response.answered_at}
    scale, words = (f"{desk().account.survey_id}-{kind}" for kind in _QUESTIONS)
    rated = {
        "type": "rating_scale",
        "rating": response.rating,
        "rating_category": ratings.category(response.rating),
        "question": {"id": scale, "type": "rating_scale_numeric", "sub_type": "customer_satisfaction"},
        **times,
    }
    question = {"id": words, "type": "open_ended"}
    if not response.comment:
        return [rated, {"type": "skipped", "question": question, **times}]
    return [rated, {"type": "open_ended", "value": response.comment, "question": question, **times}]


@api.get("/guide/survey_responses")
def responses() -> Response:
    require_admin()
    ids = _subjects(request.args.get("filter[subject_zrns]", ""))
    where, params = _filtered(
        [
            ("filter[created_at_start]", "created_ms >= ?", lambda text: number(text, "created_at_start")),
            ("filter[created_at_end]", "created_ms <= ?", lambda text: number(text, "created_at_end")),
        ]
    )
    if ids:
        where, params = f"{where} AND ticket_id IN ({', '.join('?' * len(ids))})", (*params, *ids)
    with desk().file.reading() as db:
        listing = Listing(
            name="survey_responses",
            table="survey_response",
            show=lambda row: response_json(ratings.response_of(row)),
            where=where,
            params=params,
            key="number",
        )
        return answer(paged(db, listing, cursor_always=True))


def _subjects(text: str) -> list[int]:
    found = [item for item in text.split(",") if item]
    if not all(item.startswith("zen:ticket:") for item in found):
        raise Malformed("subject_zrns must look like zen:ticket:1")
    return [number(item.removeprefix("zen:ticket:"), "subject_zrns") for item in found]


@api.get("/guide/<locale>/survey_responses/<response_id>")
def show(locale: str, response_id: str) -> Response:
    """The locale changes nothing here: the sandbox has one."""
    del locale
    require_admin()
    with desk().file.reading() as db:
        return answer({"survey_response": response_json(ratings.get(db, response_id))})


@api.post("/guide/survey_responses")
def create() -> Response:
    """A fresh survey link for a ticket's customer."""
    require_admin()
    body = payload("survey_response")
    helpdesk = desk()
    if body.get("survey_id") != helpdesk.account.survey_id:
        return _errors(404, "SurveyNotFound", "There is no such survey")
    subjects = body.get("subject_zrns")
    ids = _subjects(",".join(map(str, subjects if isinstance(subjects, list) else [subjects])))
    with helpdesk.file.writing() as db:
        if helpdesk.setting(db, "csat") != "survey":
            return _errors(409, "SurveyDisabled", "The survey is not enabled")
        ticket = tickets.get(db, ids[0] if ids else 0)
        responder = people.get(db, number(body.get("responder_id"), "responder_id"))
        response = ratings.offer(db, ticket_id=ticket.id, responder_id=responder.id, moment=helpdesk.clock())
    return answer({"survey_response": {"id": response.id, "links": _links(response)}}, 201)


def _links(response: SurveyResponse) -> dict[str, Any]:
    path = f"/hc/en-us/survey_responses/{response.id}?access_token={response.token}"
    return {
        "type": "rating_link_numeric",
        "url_path": path,
        "rating_links": [
            {"rating": rating, "label": {"type": "static", "value": label}, "url_path": f"{path}&rating={rating}"}
            for rating, label in enumerate(_LABELS, start=1)
        ],
    }


def _errors(status: int, code: str, title: str) -> Response:
    return answer({"errors": [{"code": code, "status": str(status), "title": title}]}, status)
