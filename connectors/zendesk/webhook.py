"""Zendesk's webhooks: who sent a body, and which event on which ticket it is. Nothing is read from the helpdesk here.

https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from connectors.base import WebhookRequest
from connectors.errors import BadBody, BadSignature
from connectors.recording import read_json
from connectors.ticket import DeskEvent, EventType
from connectors.wire import InstantField, VendorSchema, optional_id, parse_instant

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
INVOCATION = "x-zendesk-webhook-invocation-id"
#: How far the signature's own time may be from ours, both ways. The event's time may be older: it can be retried.
WINDOW = timedelta(minutes=5)

_PREFIX = "zen:event-type:"
_SUBJECT = re.compile(r"zen:(?:messaging_)?ticket:([0-9]{1,19})")
_TYPES: Mapping[str, EventType] = {
    "ticket.created": EventType.TICKET_CREATED,
    "ticket.comment_added": EventType.MESSAGE_ADDED,
    "ticket.comment_redacted": EventType.MESSAGE_REDACTED,
    "ticket.attachment_redacted_from_comment": EventType.MESSAGE_REDACTED,
    "ticket.comment_made_private": EventType.MESSAGE_HIDDEN,
    "ticket.status_changed": EventType.STATUS_CHANGED,
    "ticket.custom_status_changed": EventType.STATUS_CHANGED,
    "ticket.agent_assignment_changed": EventType.ASSIGNED,
    "ticket.group_assignment_changed": EventType.ASSIGNED,
    "ticket.priority_changed": EventType.PRIORITY_CHANGED,
    "ticket.tags_changed": EventType.TAGS_CHANGED,
    "ticket.custom_field_changed": EventType.FIELD_CHANGED,
    "ticket.next_sla_breach_changed": EventType.SLA_CHANGED,
    "ticket.csat_requested": EventType.RATING_REQUESTED,
    "ticket.csat_received": EventType.RATING_RECEIVED,
    "ticket.merged": EventType.TICKET_MERGED,
    "ticket.soft_deleted": EventType.TICKET_DELETED,
    "ticket.permanently_deleted": EventType.TICKET_PURGED,
    "ticket.marked_as_spam": EventType.TICKET_SPAM,
    "ticket.undeleted": EventType.TICKET_RESTORED,
    "messaging_ticket.message_added": EventType.MESSAGE_ADDED,
}
#: What an installed event webhook asks for: everything that can change a score, a case, or what we show of either.
SUBSCRIPTIONS = tuple(f"{_PREFIX}{name}" for name in _TYPES)
#: The word in our own trigger's body, where it says more than that something changed.
_TRIGGERS = {
    "created": EventType.TICKET_CREATED,
    "comment": EventType.MESSAGE_ADDED,
    "rating": EventType.RATING_RECEIVED,
}


def verify(request: WebhookRequest, secrets: Sequence[str]) -> None:
    """Raise BadSignature unless one of the secrets signed timestamp and body, not more than 5 minutes ago."""
    given, timestamp = _header(request.headers, SIGNATURE), _header(request.headers, TIMESTAMP)
    # An empty key would be a signature that anybody can make. No early exit: the time taken tells nothing.
    matches = [_same(sign(secret, timestamp, request.body), given) for secret in secrets if secret]
    if not matches:
        raise BadSignature("this desk has no webhook secret")
    if not any(matches):
        raise BadSignature("the signature does not match the body")
    try:
        signed_at = parse_instant(timestamp)
    except (ValueError, OverflowError) as error:
        raise BadSignature(f"{TIMESTAMP}: not an RFC 3339 time with a zone") from error
    if abs(request.received_at - signed_at) > WINDOW:
        age = round((request.received_at - signed_at).total_seconds())
        raise BadSignature(f"the signature is {age} seconds old; only {WINDOW.seconds} either way are allowed")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature header's value, as the vendor makes it: the key is the secret's own text."""
    message = timestamp.encode("utf-8", "replace") + body
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _header(headers: Mapping[str, str], name: str) -> str:
    """The header's one value. Raises BadSignature where it is missing or given twice."""
    values = [value.strip() for key, value in headers.items() if key.lower() == name]
    if not values or not values[0]:
        raise BadSignature(f"{name}: missing")
    # WSGI servers join a repeated header with a comma, which neither value can hold.
    if len(values) > 1 or "," in values[0]:
        raise BadSignature(f"{name}: given more than once")
    return values[0]


def parse(request: WebhookRequest) -> DeskEvent:
    """Which event a verified body tells of. Raises BadBody, naming the field."""
    if not request.body.strip():
        return _test(request)
    body = _object(request.body)
    if not body:
        return _test(request)
    try:
        if "kintsugi" in body:
            return _trigger(request, body)
        event: DeskEvent = _ENVELOPE.load(body)
    except ValidationError as error:
        raise BadBody(first_problem(error.messages_dict)) from error
    return event


def _object(raw: bytes) -> dict[str, Any]:
    body = read_json(raw)
    if not isinstance(body, dict):
        raise BadBody(f"body: must be a JSON object, not {type(body).__name__}")
    return body


def _test(request: WebhookRequest) -> DeskEvent:
    """What the vendor's "test webhook" button sends: no event, but a sign of life."""
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    attempt = headers.get(INVOCATION) or headers.get(TIMESTAMP) or request.received_at.isoformat()
    return DeskEvent(
        event_id=_derived("test", attempt), type=EventType.TEST.value, ticket_id=None, actor_id=None, occurred_at=None
    )


class DetailSchema(VendorSchema):
    """The thing that an event is about, as it was."""

    id = optional_id()
    actor_id = optional_id()


class HappeningSchema(VendorSchema):
    """What happened to it. Only messaging names its actor here, and nothing else of it is believed: we read anew."""

    actor = fields.Nested(DetailSchema, load_default=None, allow_none=True)


class EnvelopeSchema(VendorSchema):
    """An event webhook's body; loads into a `DeskEvent`. Events that are not about a ticket are "other"."""

    id = fields.String(required=True, validate=validate.Length(1, 64))
    type = fields.String(required=True, validate=validate.Length(1, 200))
    time = InstantField(load_default=None, allow_none=True)
    subject = fields.String(load_default="", allow_none=True)
    detail = fields.Nested(DetailSchema, load_default=None, allow_none=True)
    event = fields.Nested(HappeningSchema, load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> DeskEvent:
        kind = data["type"].removeprefix(_PREFIX)
        about_ticket = kind.startswith(("ticket.", "messaging_ticket."))
        detail = data["detail"] or {}
        actor = (data["event"] or {}).get("actor") or {}
        return DeskEvent(
            event_id=data["id"],
            type=(_TYPES.get(kind, EventType.TICKET_CHANGED) if about_ticket else EventType.OTHER).value,
            ticket_id=_ticket_id(data["subject"] or "", detail) if about_ticket else None,
            actor_id=detail.get("actor_id") or actor.get("id"),
            occurred_at=data["time"],
        )


class TriggerSchema(VendorSchema):
    """The body of the trigger webhook that this product installs; see the README."""

    kintsugi = fields.Raw(required=True, validate=validate.OneOf([1, "1"], error="must be 1"))
    ticket_id = optional_id()
    updated_at = fields.String(required=True, validate=validate.Length(1, 64))
    actor_id = optional_id()
    trigger = fields.String(required=True, validate=validate.Length(1, 100))


_ENVELOPE, _TRIGGER = EnvelopeSchema(), TriggerSchema()


def _ticket_id(subject: str, detail: Mapping[str, Any]) -> str:
    found = _SUBJECT.fullmatch(subject)
    ticket_id = found[1] if found and found[1].strip("0") else detail.get("id")
    if ticket_id is None:
        raise ValidationError("names no ticket", "subject")
    return str(ticket_id)


def _trigger(request: WebhookRequest, body: dict[str, Any]) -> DeskEvent:
    if str(body.get("ticket_id", "")).startswith("{{"):
        return _test(request)  # a test of the trigger's webhook sends its placeholders as they are
    data: dict[str, Any] = _TRIGGER.load(body)
    if data["ticket_id"] is None:
        raise BadBody("ticket_id: names no ticket")
    at = _moment(data["updated_at"])
    return DeskEvent(
        event_id=_derived("trigger", data["ticket_id"], data["updated_at"], data["trigger"], *_attempt(request, at)),
        type=_TRIGGERS.get(data["trigger"], EventType.TICKET_CHANGED).value,
        ticket_id=data["ticket_id"],
        actor_id=data["actor_id"],
        occurred_at=at,
    )


def _moment(text: str) -> datetime:
    try:
        return parse_instant(text.strip())
    except (ValueError, OverflowError) as error:
        raise BadBody("updated_at: not an RFC 3339 time with a zone") from error


def _attempt(request: WebhookRequest, at: datetime) -> list[str]:
    """What tells two changes apart that a time in whole minutes would make one.

    The vendor's manual shows the placeholder without seconds. A repeated look does no harm; a lost change would.
    """
    if at.second or at.microsecond:
        return []
    return [_test(request).event_id]


def _derived(*parts: str) -> str:
    """An event id of at most 64 characters where the vendor gives none."""
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{parts[0]}:{digest[:40]}"


def first_problem(messages: Mapping[str, Any], path: str = "") -> str:
    """ "detail.id: not an id" for the first of marshmallow's nested messages; never a value."""
    name, inner = next(iter(messages.items()))
    where = path if name == "_schema" else f"{path}.{name}" if path else str(name)
    if isinstance(inner, Mapping):
        return first_problem(inner, where)
    return f"{where or 'body'}: {inner[0] if isinstance(inner, list) else inner}"
