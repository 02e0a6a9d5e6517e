"""Bodies in Freshdesk's shape with values of our own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.base import WebhookRequest
from connectors.freshdesk import mapping
from connectors.ticket import Ticket

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAMP = "2026-03-02T08:59:00Z"
REQUESTER, AGENT, OTHER, INTEGRATION = 43000000001, 43000000002, 43000000003, 43000000004
KEY, SECRET = "key-of-ours", "secret-of-ours"


def ticket_body(**changed: Any) -> dict[str, Any]:
    body = {
        "id": 35,
        "subject": "Lamp arrived broken",
        "description": "<div>The lamp is <b>broken</b>.</div>",
        "description_text": "The lamp is broken.",
        "status": 2,
        "priority": 2,
        "source": 1,
        "requester_id": REQUESTER,
        "requester": {"id": REQUESTER, "name": "Ada Example", "email": "ada@example.com", "mobile": None},
        "responder_id": None,
        "group_id": 701,
        "company_id": 801,
        "product_id": None,
        "tags": ["lamp", "vip"],
        "custom_fields": {"cf_order": "A-17", "cf_empty": None},
        "spam": False,
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": STAMP,
        "something_new": {"of": "the vendor's"},
    }
    return {**body, **changed}


def conversation_body(conversation_id: int = 5001, **changed: Any) -> dict[str, Any]:
    body = {
        "id": conversation_id,
        "body": "<div>Any news?</div>",
        "body_text": "Any news?",
        "incoming": True,
        "private": False,
        "user_id": REQUESTER,
        "source": 0,
        "support_email": "support@example.com",
        "from_email": "Ada Example <ada@example.com>",
        "to_emails": ["support@example.com"],
        "created_at": "2026-03-01T11:00:00Z",
        "updated_at": "2026-03-01T11:00:00Z",
        "attachments": [],
    }
    return {**body, **changed}


def agent_body(agent_id: int = AGENT, **changed: Any) -> dict[str, Any]:
    contact = {"name": f"Agent {agent_id % 100}", "email": f"agent-{agent_id % 100}@example.com", "language": "en"}
    return {"id": agent_id, "ticket_scope": 1, "occasional": False, "contact": contact, **changed}


def make_ticket(**changed: Any) -> Ticket:
    """The ticket as read, without messages."""
    return mapping.read_ticket_body(ticket_body(**changed)).ticket


def delivered(body: Any, *, received_at: datetime = NOW, **headers: str) -> WebhookRequest:
    """A request with this body, as text or as JSON, that carries the desk's secret."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return WebhookRequest(headers={"x-webhook-secret": SECRET, **headers}, body=raw, received_at=received_at)
