"""The events of our Freshworks app, as its server script forwards them, or whole as Freshworks hands them to it.

https://developers.freshworks.com/docs/app-sdk/v3.0/support_ticket/serverless-apps/product-events/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from connectors.ticket import DeskEvent, EventType
from connectors.wire import IdField, VendorSchema, optional_id, parse_instant

_TYPES: Mapping[str, EventType] = {
    "onTicketCreate": EventType.TICKET_CREATED,
    "onTicketUpdate": EventType.TICKET_CHANGED,
    "onTicketDelete": EventType.TICKET_PURGED,
    "onConversationCreate": EventType.MESSAGE_ADDED,
    # An edit takes words away as well as it adds them: our copy has to go.
    "onConversationUpdate": EventType.MESSAGE_REDACTED,
    "onConversationDelete": EventType.MESSAGE_REDACTED,
}
#: What a change of a ticket's fields tells, the one that matters most first.
_CHANGES: Mapping[str, EventType] = {
    "status": EventType.STATUS_CHANGED,
    "responder_id": EventType.ASSIGNED,
    "group_id": EventType.ASSIGNED,
    "priority": EventType.PRIORITY_CHANGED,
    "tags": EventType.TAGS_CHANGED,
    "due_by": EventType.SLA_CHANGED,
    "is_escalated": EventType.SLA_CHANGED,
    "custom_fields": EventType.FIELD_CHANGED,
}


class TicketSchema(VendorSchema):
    id = IdField(required=True)
    changes = fields.Dict(load_default=None, allow_none=True)
    updated_at = fields.Raw(load_default=None, allow_none=True)


class ConversationSchema(VendorSchema):
    id = optional_id()
    ticket_id = optional_id()
    notable_id = optional_id()
    updated_at = fields.Raw(load_default=None, allow_none=True)


class ActorSchema(VendorSchema):
    id = optional_id()


class DataSchema(VendorSchema):
    ticket = fields.Nested(TicketSchema, load_default=None, allow_none=True)
    conversation = fields.Nested(ConversationSchema, load_default=None, allow_none=True)
    actor = fields.Nested(ActorSchema, load_default=None, allow_none=True)


class EventSchema(VendorSchema):
    """An event; what it is about stands in `data`."""

    event = fields.String(required=True)
    timestamp = fields.Raw(load_default=None, allow_none=True)
    data = fields.Nested(DataSchema, load_default=None, allow_none=True)


_EVENT = EventSchema()


def is_event(body: Mapping[str, Any]) -> bool:
    """Whether this is an app's event and no rule's body."""
    return isinstance(body.get("event"), str) and ("data" in body or str(body["event"]).startswith("on"))


def read_event(body: Mapping[str, Any]) -> DeskEvent:
    """The event. Raises ValidationError for one about a ticket that it does not name."""
    name = str(body["event"])
    if not name.startswith(("onTicket", "onConversation")):
        # Scheduled runs, canned responses, agents: whatever else they hold is of no interest here.
        return DeskEvent(
            event_id=_derived(name, body.get("timestamp"), None, body.get("data")),
            type=EventType.OTHER,
            ticket_id=None,
            actor_id=None,
            occurred_at=_moment(body.get("timestamp")),
        )
    loaded: dict[str, Any] = _EVENT.load(body)
    data = loaded["data"] or {}
    ticket, conversation = data.get("ticket") or {}, data.get("conversation") or {}
    ticket_id = ticket.get("id") or conversation.get("ticket_id") or conversation.get("notable_id")
    if ticket_id is None:
        raise ValidationError({"data": ["names no ticket"]})
    about = [ticket_id, conversation.get("id"), ticket.get("updated_at"), conversation.get("updated_at")]
    return DeskEvent(
        event_id=_derived(name, loaded["timestamp"], *about, _names(ticket.get("changes"))),
        type=_type(name, ticket.get("changes") or {}),
        ticket_id=str(ticket_id),
        actor_id=(data.get("actor") or {}).get("id"),
        occurred_at=_moment(loaded["timestamp"]),
    )


def _type(name: str, changed: Mapping[str, Any]) -> EventType:
    if name != "onTicketUpdate":
        return _TYPES.get(name, EventType.TICKET_CHANGED)
    for flag, ended in (("deleted", EventType.TICKET_DELETED), ("spam", EventType.TICKET_SPAM)):
        if flag in changed:
            return ended if _new(changed[flag]) else EventType.TICKET_RESTORED
    found = next((kind for field, kind in _CHANGES.items() if field in changed), None)
    custom = EventType.FIELD_CHANGED if any(str(field).startswith("cf_") for field in changed) else None
    return found or custom or EventType.TICKET_CHANGED


def _new(change: Any) -> bool:
    """A change is `[before, after]`."""
    return bool(change[-1]) if isinstance(change, list) and change else bool(change)


def _names(changed: Any) -> str:
    return ",".join(sorted(map(str, changed))) if isinstance(changed, Mapping) else ""


def _moment(value: Any) -> datetime | None:
    """Seconds with a fraction, or milliseconds; as a number or as text. None for anything else."""
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        pass  # it may be written out
    try:
        return parse_instant(str(value))
    except (ValueError, OverflowError):
        return None


def _derived(*parts: Any) -> str:
    """An event id of at most 64 characters; the same for the same event, however often it comes."""
    text = "\n".join("" if part is None else str(part) for part in parts)
    return f"app:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:40]}"
