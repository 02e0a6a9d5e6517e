"""Freshdesk as the sandbox plays it: its manners, its ratings, its webhook requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors.sandbox import macros, tickets, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.calls import answer
from connectors.sandbox.changes import Outcome
from connectors.sandbox.freshdesk import (
    app_events,
    automations,
    bulk,
    canned,
    fields,
    gate,
    markup,
    people,
    ratings,
    rules,
)
from connectors.sandbox.freshdesk import tickets as ticket_views
from connectors.sandbox.freshdesk.codes import STATUSES
from connectors.sandbox.freshdesk.errors import error_body
from connectors.sandbox.freshdesk.limits import FreshdeskLimits, FreshdeskPlan
from connectors.sandbox.freshdesk.rules import Triggered
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.macros import Macro
from connectors.sandbox.outbox import Delivery
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.stamps import iso, real_now
from connectors.sandbox.statuses import Status
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.vendor import Connection, Vendor
from connectors.sandbox.webhooks import Webhook

#: What the helpdesk's admins wrote behind the titles of their canned responses, for whoever acts on them.
_DO: Mapping[str, str] = {
    "Recovery: acknowledge and take over": " [do: priority=high, +recovery_acknowledged]",
    "Recovery: note for the next agent": " [do: +handle_with_care, note]",
    "Recovery: ask the courier": " [do: forward=courier@example.com, +courier_asked]",
}

#: Happening -> flag of the ticket, what rules are told, and the flag afterwards.
_FLAGS: Mapping[str, tuple[str, str, bool]] = {
    "soft_deleted": ("deleted", "delete", True),
    "marked_as_spam": ("spam", "marked_spam", True),
    "undeleted": ("deleted", "update", False),
}


class Freshdesk(Vendor):
    """See `connectors.sandbox.vendor.Vendor`."""

    name: ClassVar[str] = "freshdesk"
    domain: ClassVar[str] = "freshdesk.com"
    first_id: ClassVar[int] = 43_000_000_001
    statuses: ClassVar[Sequence[Status]] = STATUSES
    opening_status: ClassVar[str] = "open"
    closed_is_final: ClassVar[bool] = False
    spam_suspends: ClassVar[bool] = False
    merge_tags: ClassVar[tuple[str, ...]] = ()
    merged_into: ClassVar[str] = "This ticket is closed and merged into ticket {}"
    merged_from: ClassVar[str] = "Ticket with ID {} is merged into this ticket and closed"
    json_suffix: ClassVar[bool] = False

    def sow(self, db: Db, account: SandboxAccount, now: str) -> None:
        folder_id = canned.add_folder(db, "Recovery", now)
        for title, macro_id in account.macro_ids.items():
            words = _words(macros.get(db, macro_id))
            name, content = f"{title}{_DO[title]}", markup.as_html(words)
            canned.add(db, response_id=macro_id, folder_id=folder_id, title=name, content=content, now=now)

    def changed(self, db: Db, helpdesk: Helpdesk, outcome: Outcome) -> None:
        app_events.publish(db, helpdesk.account, outcome, helpdesk.clock())
        rules.fire(db, outcome, helpdesk.now())

    def tell(self, db: Db, helpdesk: Helpdesk, outcome: Outcome, kind: str, details: Mapping[str, Any]) -> None:
        """Spam is no deletion here, and what nobody at Freshdesk hears of is told to nobody."""
        if kind == "soft_deleted" and outcome.ticket.is_spam:
            return
        if kind in _FLAGS:
            flag, told, after = _FLAGS[kind]
            if kind == "undeleted" and outcome.before is not None and outcome.before.is_spam:
                flag = "spam"
            app_events.changed(db, helpdesk.account, outcome, helpdesk.clock(), {flag: [not after, after]})
            rules.fire(db, outcome, helpdesk.now(), [Triggered(name="ticket_action", told=told)])
        elif kind == "csat_received":
            feedback = Triggered(name="customer_feedback", told=str(details["code"]))
            rules.fire(db, outcome, helpdesk.now(), [feedback])
        elif kind in ("comment_redacted", "comment_made_private"):
            self._reworded(db, helpdesk, outcome, details)

    def _reworded(self, db: Db, helpdesk: Helpdesk, outcome: Outcome, details: Mapping[str, Any]) -> None:
        for comment in tickets.comments(db, outcome.ticket.id):
            if str(comment.id) == str(details["comment"]["id"]):
                app_events.said(db, helpdesk.account, outcome, helpdesk.clock(), "onConversationUpdate", comment)

    def again(self, event_id: str, body: bytes) -> bytes:
        """Freshdesk's bodies have no event id."""
        del event_id
        return body

    def rate(self, db: Db, helpdesk: Helpdesk, ticket: Ticket, score: Any, comment: str) -> None:
        ratings.rate(db, helpdesk, ticket, ratings.code_of(score, ratings.scale(helpdesk, db)), comment)

    def ratings(self, db: Db, ticket_id: int) -> list[dict[str, Any]]:
        return ratings.given(db, ticket_id)

    def connect(self, db: Db, account: SandboxAccount, endpoint: str) -> Connection:
        """As the app with its events, and with the one rule that it needs: no event tells of a rating."""
        now, headers = iso(real_now()), {"X-Webhook-Secret": account.webhook_secret}
        webhooks.put(
            db,
            Webhook(
                id=app_events.WEBHOOK_ID,
                name="Freshworks app",
                endpoint=endpoint,
                subscriptions=(),
                secret=account.webhook_secret,
                authentication={"headers": headers},
                created_by=account.integration_id,
                created_at=now,
            ),
        )
        body = _rating_rule(endpoint, headers)
        known = db.execute("SELECT id FROM automation WHERE name = ?", (body["name"],)).fetchone()
        if known is None:
            rules.add(db, kind=rules.UPDATES, body=body, now=now)
        else:
            rules.change(db, known["id"], body, now)
        return Connection(webhook_id=app_events.WEBHOOK_ID, secret=account.webhook_secret)

    def headers(self, account_id: int, webhook: Webhook, delivery: Delivery, at: str) -> dict[str, str]:
        """Nothing is signed; what proves the sender is a header of the rule's own."""
        own = (webhook.authentication or {}).get("headers") or {}
        return {"User-Agent": "Freshdesk", "Content-Type": "application/json", **own}

    def judged(self, patience: Patience, *, number: int, status: int | None, retry_after: str | None) -> Verdict:
        """Everything outside 2xx is tried again at the same distance, whatever the answer asked for."""
        if status is not None and 200 <= status < 300:
            return Verdict(status="success", delivered=True)
        return Verdict(status="failed", wait=patience.again if number < patience.tries else None)

    def hourly(self, patience: Patience, webhook: Webhook) -> int | None:
        """Rules have a limit; an app's own requests do not count against it."""
        return None if webhook.id == app_events.WEBHOOK_ID else patience.hourly

    def make_limits(self, plan: Mapping[str, Any] | None) -> FreshdeskLimits:
        return FreshdeskLimits(FreshdeskPlan(**plan) if plan else None)

    def api(self) -> Blueprint:
        api = Blueprint("api", __name__)
        gate.guard(api)
        for part in (ticket_views, bulk, people, ratings, canned, fields, automations):
            api.register_blueprint(part.api)
        api.add_url_rule("/<path:unknown>", view_func=_unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return api

    def sites(self) -> Sequence[Blueprint]:
        return (site,)

    def refuse(self, refusal: Refusal) -> Response:
        status, body = error_body(refusal)
        return Response(status=status) if body is None else answer(body, status)

    def unlawful(self, status: int, name: str, description: str | None) -> Response:
        return answer({"code": name.lower().replace(" ", "_"), "message": description}, status)


site = Blueprint("freshdesk_pages", __name__)


@site.get("/a/tickets/<int:ticket_id>")
def _ticket(ticket_id: int) -> BaseResponse:
    """Under the same path as at the vendor, so that links to a ticket work here too."""
    return redirect(url_for("pages.ticket", ticket_id=ticket_id))


def _words(macro: Macro) -> str:
    found = [action["value"] for action in macro.actions if action["field"] == "comment_value"]
    return str(found[0]) if found else ""


def _rating_rule(endpoint: str, headers: Mapping[str, str]) -> dict[str, Any]:
    content = {
        "ticket_id": "{{ticket.id}}",
        "triggered_event": "{{triggered_event}}",
        "modified_on": "{{ticket.modified_on}}",
        "actor_email": "{{event_performer.email}}",
    }
    action = {
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "url": endpoint,
        "content_type": "JSON",
        "content_layout": "2",
        "content": json.dumps(content),
        "custom_headers": dict(headers),
    }
    events = [{"field_name": "customer_feedback", "value": "--"}]
    return {"name": "Connected app: ratings", "performer": {"type": 2}, "events": events, "actions": [action]}


def _unknown(unknown: str) -> Response:
    del unknown
    return Response(status=404)


FRESHDESK = Freshdesk()
