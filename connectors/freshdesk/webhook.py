"""Freshdesk's deliveries: who sent a body, and which event on which ticket it is. Nothing is read from the helpdesk.

Two sources: an automation rule's "Trigger Webhook", whose body an admin writes, and the events of our Freshworks app.
Neither signs anything; both carry a secret header. Rules deliver up to a day late, in any order, and again after a
failure. https://support.freshdesk.com/en/support/solutions/articles/132589
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from marshmallow import ValidationError, fields

from connectors.base import WebhookRequest
from connectors.errors import BadBody, BadSignature
from connectors.freshdesk import app_events
from connectors.recording import read_json
from connectors.ticket import DeskEvent, EventType
from connectors.wire import VendorSchema, clean, optional_id, parse_instant

SECRET = "x-webhook-secret"

#: What stands first in `{{triggered_event}}`, which is no JSON: {status:{from:2,to:4}}, {note_type:private}.
_NAME = re.compile(r"\{?\s*[\"']?(?P<name>\w+)[\"']?\s*[:=]\s*[\"']?(?P<value>\w*)")
_TYPES: Mapping[str, EventType] = {
    "status": EventType.STATUS_CHANGED,
    "priority": EventType.PRIORITY_CHANGED,
    "responder_id": EventType.ASSIGNED,
    "agent": EventType.ASSIGNED,
    "group_id": EventType.ASSIGNED,
    "group": EventType.ASSIGNED,
    "tag_names": EventType.TAGS_CHANGED,
    "add_tag": EventType.TAGS_CHANGED,
    "tags": EventType.TAGS_CHANGED,
    "note_type": EventType.MESSAGE_ADDED,
    "reply_sent": EventType.MESSAGE_ADDED,
    "reply_type": EventType.MESSAGE_ADDED,
    "customer_feedback": EventType.RATING_RECEIVED,
    "satisfaction_rating": EventType.RATING_RECEIVED,
    "due_by": EventType.SLA_CHANGED,
}
_ACTIONS: Mapping[str, EventType] = {
    "created": EventType.TICKET_CREATED,
    "create": EventType.TICKET_CREATED,
    "delete": EventType.TICKET_DELETED,
    "deleted": EventType.TICKET_DELETED,
    "marked_spam": EventType.TICKET_SPAM,
    "merged": EventType.TICKET_MERGED,
    "linked": EventType.TICKET_CHANGED,
}
#: Where a comment's words broke the JSON around them, the number is still there to be read.
_TICKET_ID = re.compile(rb"\"(?:ticket_)?id\"\s*:\s*\"?\s*(?:[A-Za-z]{1,8}-|#)?([0-9]{1,19})\b")


class RuleSchema(VendorSchema):
    """The body of an automation rule's webhook, wrapped or not; see the README for the one that is installed."""

    ticket_id = fields.Raw(load_default=None, allow_none=True)
    id = fields.Raw(load_default=None, allow_none=True)
    triggered_event = fields.Raw(load_default=None, allow_none=True)
    modified_on = fields.Raw(load_default=None, allow_none=True)
    actor_id = optional_id()
    actor_email = fields.Raw(load_default=None, allow_none=True)


_RULE = RuleSchema()


def verify(request: WebhookRequest, secrets: Sequence[str]) -> None:
    """Raise BadSignature unless the request carries one of the secrets. The header proves nothing about the body, so
    it has to come over TLS; a delivery may be a day old."""
    values = [value.strip() for name, value in request.headers.items() if name.lower() == SECRET]
    if not values or not values[0]:
        raise BadSignature(f"{SECRET}: missing")
    # WSGI servers join a repeated header with a comma, which Freshdesk does not take into a header.
    if len(values) > 1 or "," in values[0]:
        raise BadSignature(f"{SECRET}: given more than once")
    given = values[0].encode("utf-8", "replace")
    # An empty secret would be one that anybody can send. No early exit: the time taken tells nothing.
    matches = [hmac.compare_digest(secret.encode(), given) for secret in secrets if secret]
    if not matches:
        raise BadSignature("this desk has no webhook secret")
    if not any(matches):
        raise BadSignature(f"{SECRET}: not this desk's secret")


def parse(request: WebhookRequest) -> DeskEvent:
    """Which event a verified body tells of. Raises BadBody, naming the field."""
    try:
        body = read_json(request.body)
    except BadBody:
        return _broken(request)
    if body is not None and not isinstance(body, Mapping):
        raise BadBody(f"body: must be a JSON object, not {type(body).__name__}")
    if not body:
        return _test(request)
    if "freshdesk_webhook" in body:
        body = body["freshdesk_webhook"]
        if not isinstance(body, Mapping):
            raise BadBody("freshdesk_webhook: must be an object")
    try:
        return app_events.read_event(body) if app_events.is_event(body) else _rule(request, body)
    except ValidationError as error:
        raise BadBody(first_problem(error.messages)) from error


def _rule(request: WebhookRequest, body: Mapping[str, Any]) -> DeskEvent:
    data: dict[str, Any] = _RULE.load(body)
    named = str(data["ticket_id"] if data["ticket_id"] is not None else data["id"] or "").strip()
    if named.startswith("{{"):
        return _test(request)  # a test of the rule sends its placeholders as they are
    ticket_id = _ticket_id(named)
    if ticket_id is None:
        raise BadBody("ticket_id: names no ticket")
    triggered = _text(data["triggered_event"])
    told = _text(data["modified_on"])
    at = _moment(told)
    return DeskEvent(
        event_id=derived("rule", ticket_id, triggered, told, *_attempt(request, at)),
        type=_type(triggered),
        ticket_id=ticket_id,
        actor_id=data["actor_id"] or actor_by_email(_text(data["actor_email"])),
        occurred_at=at,
    )


def _broken(request: WebhookRequest) -> DeskEvent:
    """A body that is no JSON, as the vendor's placeholders make it where they hold quotes: still a reason to look."""
    found = _TICKET_ID.search(request.body)
    if found is None or not found[1].strip(b"0"):
        read_json(request.body)  # says where it goes wrong
        raise BadBody("ticket_id: names no ticket")
    digest = hashlib.sha256(request.body).hexdigest()
    return DeskEvent(
        event_id=derived("rule", digest),
        type=EventType.TICKET_CHANGED,
        ticket_id=found[1].decode(),
        actor_id=None,
        occurred_at=None,
    )


def _test(request: WebhookRequest) -> DeskEvent:
    event_id = derived("test", request.received_at.isoformat())
    return DeskEvent(event_id=event_id, type=EventType.TEST, ticket_id=None, actor_id=None, occurred_at=None)


def _ticket_id(named: str) -> str | None:
    """The number in a ticket's id, which some accounts show with a prefix, as in "INC-11"."""
    found = re.fullmatch(r"(?:[A-Za-z]{1,8}-|#)?([0-9]{1,19})", named)
    return found[1] if found and found[1].strip("0") else None


def _type(triggered: str) -> EventType:
    """What `{{triggered_event}}` tells; anything unknown is a change, and only ever a hint to look."""
    found = _NAME.match(triggered)
    if found is None:
        return EventType.TICKET_CHANGED
    name, value = found["name"].lower(), found["value"].lower()
    if name == "ticket_action":
        return _ACTIONS.get(value, EventType.TICKET_CHANGED)
    field_of_its_own = EventType.FIELD_CHANGED if name.startswith("cf_") else EventType.TICKET_CHANGED
    return _TYPES.get(name, field_of_its_own)


def _moment(text: str) -> datetime | None:
    """The time of a change, in the forms in which accounts are known to show it; None for others."""
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        pass  # it may be written as mails write it
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _attempt(request: WebhookRequest, at: datetime | None) -> list[str]:
    """What tells two changes apart that a time in whole minutes, or none, would make one.

    A repeated look does no harm; a lost change would.
    """
    if at is not None and (at.second or at.microsecond):
        return []
    return [request.received_at.isoformat()]


def actor_by_email(email: str) -> str | None:
    """Who did it, where a rule can tell the address only: a digest, since it may be a customer's."""
    address = email.strip().lower()
    return f"email-{hashlib.sha256(address.encode()).hexdigest()[:40]}" if "@" in address else None


def derived(*parts: str) -> str:
    """An event id of at most 64 characters, since the vendor gives none."""
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{parts[0]}:{digest[:40]}"


def _text(value: Any) -> str:
    """A placeholder's value, which an admin may have put between quotes or not."""
    return clean(value).strip() if isinstance(value, str) else "" if value is None else str(value)


def first_problem(messages: Any, path: str = "") -> str:
    """ "data.ticket.id: not an id" for the first of marshmallow's nested messages; never a value."""
    if not isinstance(messages, Mapping):
        return f"{path or 'body'}: {messages[0] if isinstance(messages, list) else messages}"
    name, inner = next(iter(messages.items()))
    return first_problem(inner, path if name == "_schema" else f"{path}.{name}" if path else str(name))
