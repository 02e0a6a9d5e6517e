"""Bodies in Zendesk's shape with values of our own, and the values they should become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.base import WebhookRequest
from connectors.ticket import Person, Ticket, TicketStatus
from connectors.zendesk import webhook

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAMP = "2026-03-02T08:59:00Z"
REQUESTER, AGENT, OTHER, INTEGRATION = 9007199254741001, 9007199254741002, 9007199254741003, 9007199254741004
LOGIN = "integration@example.com"


def ticket_body(**changed: Any) -> dict[str, Any]:
    body = {
        "id": 35,
        "url": "https://desk.zendesk.com/api/v2/tickets/35.json",
        "subject": "Lamp arrived broken",
        "status": "open",
        "priority": "normal",
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "requester_id": REQUESTER,
        "submitter_id": REQUESTER,
        "assignee_id": None,
        "group_id": 701,
        "organization_id": None,
        "brand_id": 801,
        "tags": ["lamp", "vip"],
        "custom_fields": [{"id": 901, "value": "A-17"}, {"id": 902, "value": None}],
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": STAMP,
        "satisfaction_rating": {"score": "unoffered"},
        "something_new": {"of": "the vendor's"},
    }
    return {**body, **changed}


def user_body(user_id: int = REQUESTER, **changed: Any) -> dict[str, Any]:
    body = {
        "id": user_id,
        "name": f"Person {user_id % 100}",
        "email": f"person-{user_id % 100}@example.com",
        "role": "end-user",
        "suspended": False,
        "active": True,
        "locale": "en-GB",
    }
    return {**body, **changed}


def comment_body(comment_id: int = 5001, **changed: Any) -> dict[str, Any]:
    body = {
        "id": comment_id,
        "type": "Comment",
        "author_id": REQUESTER,
        "body": "The lamp is broken.",
        "html_body": "<p>The lamp is broken.</p>",
        "plain_body": "The lamp is broken.",
        "public": True,
        "via": {"channel": "email"},
        "metadata": {"system": {}, "custom": {}},
        "created_at": "2026-03-01T10:00:00Z",
    }
    return {**body, **changed}


def people_bodies() -> list[dict[str, Any]]:
    return [
        user_body(REQUESTER),
        user_body(AGENT, role="agent"),
        user_body(OTHER),
        user_body(INTEGRATION, role="admin", email=LOGIN),
    ]


def make_ticket(**changed: Any) -> Ticket:
    values: dict[str, Any] = {
        "id": "35",
        "subject": "Lamp arrived broken",
        "status": TicketStatus.OPEN,
        "priority": None,
        "channel": "email",
        "requester": Person(id=str(REQUESTER)),
        "assignee_id": None,
        "group_id": "701",
        "tags": frozenset({"lamp", "vip"}),
        "created_at": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
        "updated_at": datetime(2026, 3, 2, 8, 59, tzinfo=UTC),
        "stamp": STAMP,
    }
    return Ticket(**{**values, **changed})


def event_body(kind: str = "ticket.comment_added", **changed: Any) -> dict[str, Any]:
    body = {
        "account_id": 4711,
        "id": "11111111-2222-4333-8444-555555555555",
        "type": f"zen:event-type:{kind}",
        "time": "2026-03-02T08:59:00.123456789Z",
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:35",
        "detail": {"id": "35", "actor_id": str(AGENT), "status": "OPEN", "assignee_id": "0"},
        "event": {},
    }
    return {**body, **changed}


def trigger_body(**changed: Any) -> dict[str, Any]:
    body = {
        "kintsugi": 1,
        "ticket_id": "35",
        "updated_at": "2026-03-02T08:59:01Z",
        "actor_id": str(AGENT),
        "trigger": "changed",
    }
    return {**body, **changed}


def request(
    body: Any = b"", *, secret: str = "a secret of ours", signed_at: str = "2026-03-02T09:00:00Z", **headers: str
) -> WebhookRequest:
    """A request signed as the vendor signs; `headers` replace or add, with - for _; an empty one is left out."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {
        webhook.SIGNATURE: webhook.sign(secret, signed_at, raw),
        webhook.TIMESTAMP: signed_at,
        webhook.INVOCATION: "01KJPXAAAAAAAAAAAAAAAAAAAA",
        "content-type": "application/json; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return WebhookRequest(headers={name: value for name, value in found.items() if value}, body=raw, received_at=NOW)
