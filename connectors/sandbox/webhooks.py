"""Webhook rows: where deliveries go, what they are subscribed to, and the secret that signs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json

#: Webhooks with this subscription are called by triggers only.
TRIGGERED = "conditional_ticket_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    id: str
    name: str
    description: str | None = None
    endpoint: str
    status: str = "active"
    subscriptions: tuple[str, ...]
    http_method: str = "POST"
    request_format: str = "json"
    secret: str
    authentication: Mapping[str, Any] | None = None
    created_by: int
    created_at: str


def webhook_of(row: Row) -> Webhook:
    values = dict(row)
    del values["number"]
    values["subscriptions"] = tuple(json.loads(row["subscriptions"]))
    values["authentication"] = json.loads(row["authentication"]) if row["authentication"] else None
    return Webhook(**values)


def everything(db: Db) -> list[Webhook]:
    return [webhook_of(row) for row in db.execute("SELECT * FROM webhook ORDER BY number")]


def find(db: Db, webhook_id: str) -> Webhook | None:
    row = db.execute("SELECT * FROM webhook WHERE id = ?", (webhook_id,)).fetchone()
    return None if row is None else webhook_of(row)


def get(db: Db, webhook_id: str) -> Webhook:
    """Raises Missing."""
    webhook = find(db, webhook_id)
    if webhook is None:
        raise Missing(f"no webhook {webhook_id}")
    return webhook


def put(db: Db, webhook: Webhook) -> None:
    """Store the webhook, new or changed."""
    values = asdict(webhook)
    values["subscriptions"] = to_json(values["subscriptions"])
    values["authentication"] = to_json(values["authentication"]) if webhook.authentication else None
    if find(db, webhook.id) is None:
        insert(db, "webhook", number=next_id(db, "webhook", first=1), **values)
        return
    del values["id"]
    columns = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE webhook SET {columns} WHERE id = ?", (*values.values(), webhook.id))


def remove(db: Db, webhook_id: str) -> None:
    """Also ends what is still waiting for it. Raises Missing."""
    get(db, webhook_id)
    db.execute("DELETE FROM webhook WHERE id = ?", (webhook_id,))
    db.execute("UPDATE delivery SET state = 'failed' WHERE webhook_id = ? AND state = 'pending'", (webhook_id,))


def listeners(db: Db, event_type: str) -> list[Webhook]:
    """Active webhooks that are subscribed to the event type."""
    return [w for w in everything(db) if w.status == "active" and event_type in w.subscriptions]
