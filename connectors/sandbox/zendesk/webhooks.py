"""The webhook endpoints: webhooks, their secrets, invocations and attempts, and test requests."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import outbox, webhooks
from connectors.sandbox.outbox import Letter
from connectors.sandbox.refusals import Malformed, Missing
from connectors.sandbox.stamps import iso, make_secret, make_ulid, real_now
from connectors.sandbox.store import Db, Row
from connectors.sandbox.webhooks import Webhook
from connectors.sandbox.zendesk import rules
from connectors.sandbox.zendesk.answers import Listing, actor, answer, desk, paged, payload

api = Blueprint("zendesk_webhooks", __name__)

#: What the vendor signs test requests with while there is no webhook yet.
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

_TEXTS = ("name", "description", "endpoint", "status", "http_method", "request_format")
_STATES = {"pending": "enqueued", "delivered": "success", "failed": "failed"}


def _webhook(webhook: Webhook) -> dict[str, Any]:
    body = {name: getattr(webhook, name) for name in ("id", *_TEXTS, "created_at")}
    body |= {"subscriptions": list(webhook.subscriptions), "created_by": str(webhook.created_by)}
    if webhook.authentication:
        # The credentials themselves are never shown again.
        body["authentication"] = {name: value for name, value in webhook.authentication.items() if name != "data"}
    return body


def _read(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a webhook object that may be set. Raises Malformed."""
    found: dict[str, Any] = {name: body[name] for name in _TEXTS if body.get(name) is not None}
    if not all(isinstance(value, str) for value in found.values()):
        raise Malformed(f"{', '.join(_TEXTS)} must be texts")
    if not str(found.get("endpoint", "http://")).startswith(("http://", "https://")):
        raise Malformed("endpoint must be an http or https address")
    if found.get("status", "active") not in ("active", "inactive"):
        raise Malformed("status must be active or inactive")
    if "subscriptions" in body:
        found["subscriptions"] = _subscriptions(body["subscriptions"])
    if isinstance(body.get("authentication"), dict):
        found["authentication"] = body["authentication"]
    return found


def _subscriptions(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(item, str) for item in given):
        raise Malformed("subscriptions must be a list of event types")
    if webhooks.TRIGGERED in given and len(given) > 1:
        raise Malformed("a webhook is either subscribed to events or connected to triggers")
    return tuple(given)


@api.post("/webhooks")
def create() -> Response:
    body = payload("webhook")
    found = _read(body)
    missing = [name for name in ("name", "endpoint", "subscriptions") if name not in found]
    if missing:
        raise Malformed(f"a webhook needs {', '.join(missing)}")
    own = body.get("signing_secret")
    secret = own.get("secret") if isinstance(own, dict) else None
    webhook = Webhook(
        id=make_ulid(),
        secret=secret if isinstance(secret, str) and secret else make_secret(),
        created_by=actor().id,
        created_at=iso(real_now()),
        **found,
    )
    with desk().file.writing() as db:
        webhooks.put(db, webhook)
    return answer({"webhook": _webhook(webhook)}, 201)


@api.get("/webhooks")
def index() -> Response:
    contains = request.args.get("filter[name_contains]", "")
    with desk().file.reading() as db:
        listing = Listing(
            name="webhooks",
            table="webhook",
            show=lambda row: _webhook(webhooks.webhook_of(row)),
            where="name LIKE ?",
            params=(f"%{contains}%",),
            key="number",
        )
        return answer(paged(db, listing, cursor_always=True))


@api.get("/webhooks/<webhook_id>")
def show(webhook_id: str) -> Response:
    with desk().file.reading() as db:
        return answer({"webhook": _webhook(webhooks.get(db, webhook_id))})


@api.route("/webhooks/<webhook_id>", methods=["PUT", "PATCH"])
def update(webhook_id: str) -> Response:
    found = _read(payload("webhook"))
    with desk().file.writing() as db:
        webhooks.put(db, replace(webhooks.get(db, webhook_id), **found))
    return Response(status=204)


@api.delete("/webhooks/<webhook_id>")
def delete(webhook_id: str) -> Response:
    with desk().file.writing() as db:
        callers = rules.using(db, webhook_id)
        if callers:
            # So at the vendor: first the triggers go, then what they call.
            raise Malformed(f"the webhook is connected to active triggers: {', '.join(callers)}")
        webhooks.remove(db, webhook_id)
    return Response(status=204)


@api.route("/webhooks/<webhook_id>/signing_secret", methods=["GET", "POST"])
def signing_secret(webhook_id: str) -> Response:
    """GET shows the secret, POST makes a new one."""
    with desk().file.writing() as db:
        webhook = webhooks.get(db, webhook_id)
        if request.method == "POST":
            webhook = replace(webhook, secret=make_secret())
            webhooks.put(db, webhook)
    status = 201 if request.method == "POST" else 200
    return answer({"signing_secret": {"secret": webhook.secret, "algorithm": "SHA256"}}, status)


def _invocation(row: Row) -> dict[str, Any]:
    return {
        "id": row["invocation_id"],
        "webhook_id": row["webhook_id"],
        "status": _STATES[row["state"]],
        "status_code": None,
        "latest_completed_at": row["ended_at"],
        "subscription": row["event_type"],
        "event_id": row["event_id"],
        "ticket_id": None if row["ticket_id"] is None else str(row["ticket_id"]),
    }


@api.get("/webhooks/<webhook_id>/invocations")
def invocations(webhook_id: str) -> Response:
    with desk().file.reading() as db:
        webhooks.get(db, webhook_id)
        listing = Listing(
            name="invocations", table="delivery", show=_invocation, where="webhook_id = ?", params=(webhook_id,)
        )
        return answer(paged(db, listing, cursor_always=True))


@api.get("/webhooks/<webhook_id>/invocations/<invocation_id>/attempts")
def attempts(webhook_id: str, invocation_id: str) -> Response:
    query = "SELECT * FROM delivery WHERE webhook_id = ? AND invocation_id = ?"
    with desk().file.reading() as db:
        delivery = db.execute(query, (webhook_id, invocation_id)).fetchone()
        if delivery is None:
            raise Missing(f"no invocation {invocation_id}")
        rows = db.execute("SELECT * FROM attempt WHERE delivery_id = ? ORDER BY number", (delivery["id"],))
        found = [_attempt(db, delivery, row) for row in rows]
    return answer({"attempts": found, "meta": {"has_more": False}, "links": {"next": None, "prev": None}})


def _attempt(db: Db, delivery: Row, row: Row) -> dict[str, Any]:
    webhook = webhooks.find(db, delivery["webhook_id"])
    answered = row["response_status"] is not None
    return {
        "id": row["id"],
        "invocation_id": delivery["invocation_id"],
        "status": row["status"],
        "status_code": row["response_status"],
        "completed_at": row["at"],
        "request": {
            "endpoint": webhook.endpoint if webhook else None,
            "headers": _header_list(row["request_headers"]),
            "payload": delivery["body"].decode(errors="replace"),
        },
        "response": {
            "headers": _header_list(row["response_headers"]),
            "payload": row["response_body"] if answered else row["error"],
        },
    }


def _header_list(text: str) -> list[dict[str, Any]]:
    return [{"key": name, "value": [value]} for name, value in json.loads(text).items()]


@api.post("/webhooks/test")
def test() -> Response:
    """Queue a test request: to a stored webhook, else to the one described in the body."""
    webhook_id = request.args.get("webhook_id")
    body = request.get_json(silent=True) or {}
    given = body.get("request") if isinstance(body, dict) else None
    asked = given if isinstance(given, dict) else {}
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        webhook = webhooks.get(db, webhook_id) if webhook_id else _described(db, asked)
        letter = Letter(
            webhook_id=webhook.id,
            ticket_id=None,
            event_id=str(uuid.uuid4()),
            event_type="test",
            body=str(asked.get("payload") or "").encode(),
        )
        outbox.enqueue(db, letter, helpdesk.now())
    return answer({"response": {"headers": [], "payload": "", "status": "queued"}})


def _described(db: Db, asked: Mapping[str, Any]) -> Webhook:
    """An inactive webhook that exists only for one test, signed with the vendor's fixed secret. Raises Malformed."""
    found = _read(asked)
    if "endpoint" not in found:
        raise Malformed("a test needs a webhook_id or a request with an endpoint")
    webhook = Webhook(
        id=make_ulid(),
        name=f"test of {found['endpoint']}",
        endpoint=found["endpoint"],
        status="inactive",
        subscriptions=(),
        secret=TEST_SECRET,
        created_by=actor().id,
        created_at=iso(real_now()),
    )
    webhooks.put(db, webhook)
    return webhook
