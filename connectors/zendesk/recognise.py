"""Which of Zendesk's bodies a recorded one is, and what our mapping makes of it. Nothing is asked of the helpdesk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError

from connectors.base import WebhookRequest
from connectors.errors import BadBody, ConnectorError, RateLimited, Unavailable
from connectors.recording import Explained, Named, Recorded
from connectors.ticket import Message
from connectors.wire import clean
from connectors.zendesk import mapping, ratings, webhook
from connectors.zendesk.refusals import zendesk_refusal

#: Statuses that the vendor gives with these names, for an error body whose status was not kept.
_STATUS = {
    "recordnotfound": 404,
    "invalidendpoint": 404,
    "recordinvalid": 422,
    "updateconflict": 409,
    "conflict": 409,
    "forbidden": 403,
    "couldn't authenticate you": 401,
    "invalid_token": 401,
    "toomanyrequests": 429,
    "apiratelimitexceeded": 429,
}
#: When a delivery came matters only for bodies that tell no time of their own.
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def explain(recorded: Recorded) -> Explained:
    """What a recorded body is. Raises BadBody that names the field for one that looks like ours to read and is not."""
    body = recorded.body
    if body is None:
        return Explained(sort="other", value=[])
    try:
        return _list(body) if isinstance(body, list) else _object(recorded, body)
    except ValidationError as error:
        raise BadBody(_problem(error)) from error


def _problem(error: ValidationError) -> str:
    """The first field that is wrong, in words, and never what it held."""
    messages = error.messages
    return webhook.first_problem(messages) if isinstance(messages, dict) else f"body: {messages[0]}"


def _list(body: list[Any]) -> Explained:
    rows = [row for row in body if isinstance(row, Mapping)]
    if rows and all(_is_ticket(row) for row in rows):
        return Explained(sort="tickets", value=[mapping.read_ticket_body(row) for row in rows])
    return Explained(sort="other", value=sorted({str(name) for row in rows for name in row}))


def _object(recorded: Recorded, body: Any) -> Explained:
    if not isinstance(body, Mapping):
        raise BadBody(f"body: must be a JSON object or a list, not {type(body).__name__}")
    if "kintsugi" in body or str(body.get("type", "")).startswith("zen:event-type:"):
        return Explained(sort="delivery", value=_delivery(recorded.raw, recorded.headers))
    if (recorded.status or 0) >= 400 or _says_error(body):
        return Explained(sort="error", value=_error(recorded.status, body))
    if _is_ticket(body):
        return Explained(sort="ticket", value=mapping.read_ticket_body(body))
    return _valued(body) or _named(body)


def _valued(body: Mapping[str, Any]) -> Explained | None:
    """The member of the body that we have values for."""
    for name, read in _SINGLE.items():
        if isinstance(body.get(name), Mapping):
            return Explained(sort=name, value=read(body[name]))
    for name, read in _MANY.items():
        if isinstance(body.get(name), list):
            return Explained(sort=name, value=[one for one in map(read, body[name]) if one is not None])
    return None


def _delivery(raw: bytes, headers: Mapping[str, str]) -> object:
    return webhook.parse(WebhookRequest(headers=headers, body=raw, received_at=_UNKNOWN))


def _says_error(body: Mapping[str, Any]) -> bool:
    return "error" in body or (isinstance(body.get("errors"), list) and not body.get("results"))


def _error(status: int | None, body: Mapping[str, Any]) -> ConnectorError:
    """The error that our client would raise for this answer."""
    named = body.get("error")
    if isinstance(named, Mapping):
        named = named.get("title")
    errors = body.get("errors")
    if named is None and isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        named, status = errors[0].get("title"), status or _whole(errors[0].get("status"))
        body = {"error": named}
    status = status or _STATUS.get(str(named).lower(), 400)
    if status == 429:
        return RateLimited("the helpdesk answered 429")
    if status >= 500:
        return Unavailable(f"the helpdesk answered {status}")
    return zendesk_refusal(status, body)


def _whole(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None


def _is_ticket(body: Any) -> bool:
    return isinstance(body, Mapping) and {"id", "requester_id", "subject", "status"} <= set(body)


def _message(body: Any) -> Message:
    """A comment by itself. Who the requester is only the ticket tells, so an end user is somebody in copy."""
    # The answer to a redaction tells no time; what it is for is the comment without its words.
    dated = {"created_at": "1970-01-01T00:00:00Z", **body} if isinstance(body, Mapping) else body
    comment = mapping.read_comment(dated)
    return mapping.build_message(comment, "", {}, set())


def _audit(body: Any) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise ValidationError("not an object", "audit")
    metadata = body.get("metadata")
    events = body["events"] if isinstance(body.get("events"), list) else []
    return {
        "id": str(body.get("id")),
        "author_id": str(body.get("author_id")),
        "at": body.get("created_at"),
        "ours": mapping.is_ours(metadata),
        "markers": mapping.markers_in(metadata),
        "events": [str(event.get("type")) for event in events if isinstance(event, Mapping)],
    }


def _job(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body.get(name) for name in ("id", "status", "total", "progress")}


def _attempt(body: Any) -> object:
    """What was sent in one attempt at a delivery; the vendor keeps it, which is a source after an outage."""
    sent = body.get("request") if isinstance(body, Mapping) else None
    payload = sent.get("payload") if isinstance(sent, Mapping) else None
    return _delivery(payload.encode("utf-8", "replace"), {}) if isinstance(payload, str) else None


def _name(body: Any) -> Named | None:
    if not isinstance(body, Mapping):
        return None
    title = body.get("title") or body.get("name") or body.get("agent_label") or body.get("file_name") or ""
    return Named(id=str(body.get("id", "")), name=clean(str(title)))


def _tag(body: Any) -> str:
    """A tag by itself, or with the number of its tickets."""
    return clean(str(body.get("name") if isinstance(body, Mapping) else body))


_SINGLE: Mapping[str, Callable[[Any], object]] = {
    "ticket": mapping.read_ticket_body,
    "comment": _message,
    "user": mapping.read_person,
    "group": mapping.read_group,
    "macro": mapping.read_macro,
    "satisfaction_rating": ratings.read_rating_row,
    "survey_response": ratings.read_survey_rating,
    "audit": _audit,
    "job_status": _job,
}
_MANY: Mapping[str, Callable[[Any], object]] = {
    "tickets": mapping.read_ticket_body,
    "comments": _message,
    "users": mapping.read_person,
    "groups": mapping.read_group,
    "macros": mapping.read_macro,
    "satisfaction_ratings": ratings.read_rating_row,
    "survey_responses": ratings.read_survey_rating,
    "audits": _audit,
    "attempts": _attempt,
}


def _named(body: Mapping[str, Any]) -> Explained:
    """Things that we only know by name, such as triggers and views; else the names of the body's own members."""
    if isinstance(body.get("results"), list) and body["results"] and all(map(_is_ticket, body["results"])):
        return Explained(sort="tickets", value=[mapping.read_ticket_body(row) for row in body["results"]])
    if isinstance(body.get("tags"), list):
        return Explained(sort="tags", value=[_tag(one) for one in body["tags"]])
    for name, inner in body.items():
        if isinstance(inner, Mapping) and "id" in inner:
            return Explained(sort=str(name), value=_name(inner))
        if isinstance(inner, list) and inner and all(isinstance(one, Mapping) and "id" in one for one in inner):
            return Explained(sort=str(name), value=[_name(one) for one in inner])
    return Explained(sort="other", value=sorted(map(str, body)))
