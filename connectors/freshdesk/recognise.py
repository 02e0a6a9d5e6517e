"""Which of Freshdesk's bodies a recorded one is, and what our mapping makes of it. Nothing is asked of the helpdesk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError

from connectors.base import WebhookRequest
from connectors.errors import BadBody, ConnectorError, RateLimited, Unavailable
from connectors.freshdesk import app_events, macros, mapping, ratings, webhook
from connectors.freshdesk.refusals import freshdesk_refusal
from connectors.recording import Explained, Named, Recorded
from connectors.ticket import Person
from connectors.wire import clean

#: Statuses that the vendor gives with these codes, for an error body whose status was not kept.
_STATUS = {
    "invalid_credentials": 401,
    "access_denied": 403,
    "record_not_found": 404,
    "too_many_requests": 429,
    "internal_error": 500,
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
        raise BadBody(webhook.first_problem(error.messages)) from error


def _list(body: list[Any]) -> Explained:
    rows = [row for row in body if isinstance(row, Mapping)]
    for looks, one, many, read in _SORTS:
        if rows and all(looks(row) for row in rows):
            return Explained(sort=many or f"{one}s", value=[read(row) for row in rows])
    if rows and all("id" in row for row in rows):
        return Explained(sort="other", value=[_named(row) for row in rows])
    return Explained(sort="other", value=sorted({str(name) for row in rows for name in row}))


def _object(recorded: Recorded, body: Any) -> Explained:
    if not isinstance(body, Mapping):
        raise BadBody(f"body: must be a JSON object or a list, not {type(body).__name__}")
    if "freshdesk_webhook" in body or "kintsugi" in body or app_events.is_event(body):
        request = WebhookRequest(headers=recorded.headers, body=recorded.raw, received_at=_UNKNOWN)
        return Explained(sort="delivery", value=webhook.parse(request))
    if (recorded.status or 0) >= 400 or _is_error(body):
        return Explained(sort="error", value=_error(recorded.status, body))
    if isinstance(body.get("results"), list):
        return _list(body["results"])
    for looks, one, _, read in _SORTS:
        if looks(body):
            return Explained(sort=one, value=read(body))
    if "id" in body:
        return Explained(sort="other", value=_named(body))
    return _collected(body)


def _collected(body: Mapping[str, Any]) -> Explained:
    """A document of several bodies under names of somebody's own, as fixtures are kept; else the members' names."""
    inner = [value for value in body.values() if isinstance(value, Mapping)]
    if inner and len(inner) == len(body) and all(map(_is_error, inner)):
        return Explained(sort="errors", value=[_error(None, value) for value in inner])
    return Explained(sort="other", value=sorted(map(str, body)))


def _is_error(body: Mapping[str, Any]) -> bool:
    return "id" not in body and bool({"message", "description"} & set(body)) and bool({"code", "errors"} & set(body))


def _error(status: int | None, body: Mapping[str, Any]) -> ConnectorError:
    """The error that our client would raise for this answer."""
    status = status or _STATUS.get(str(body.get("code")), 400)
    if status == 429:
        return RateLimited("the helpdesk answered 429")
    if status >= 500:
        return Unavailable(f"the helpdesk answered {status}")
    return freshdesk_refusal(status, body)


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda body: set(names) <= set(body)


def _person(body: Any) -> Person:
    """A contact; one who is an agent as well is told with what an agent has."""
    return mapping.read_contact(body)


def _rating(body: Any) -> object:
    given = ratings.read_given(body)
    return ratings.build_rating(given, {}) if given else None


def _ticket(body: Any) -> object:
    return mapping.read_ticket_body(body).ticket


def _message(body: Any) -> object:
    """A conversation by itself. Who the requester is only the ticket tells, so a customer is somebody in copy."""
    return mapping.build_message(mapping.read_conversation(body), Person(id=""), ())


def _named(body: Mapping[str, Any]) -> Named:
    return Named(id=str(body.get("id", "")), name=clean(str(body.get("name") or body.get("title") or "")))


#: What a body looks like, what it is called alone and in a list, and its reader; the first that fits.
_SORTS: tuple[tuple[Callable[[Mapping[str, Any]], bool], str, str, Callable[[Any], object]], ...] = (
    (_has("id", "subject", "requester_id", "status", "updated_at"), "ticket", "", _ticket),
    (_has("id", "ratings", "created_at"), "rating", "", _rating),
    (_has("id", "body", "incoming", "created_at"), "comment", "", _message),
    (_has("id", "contact", "ticket_scope"), "user", "", mapping.read_agent),
    (_has("id", "content_html", "title"), "macro", "", macros.read_macro),
    (_has("id", "escalate_to", "unassigned_for", "name"), "group", "", mapping.read_group),
    (_has("id", "domains", "name"), "company", "companies", _named),
    (_has("id", "name", "email", "mobile"), "user", "", _person),
)
