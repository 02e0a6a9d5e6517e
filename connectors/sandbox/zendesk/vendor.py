"""Zendesk as the sandbox plays it: its manners, its two rating systems, its webhook requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask import Blueprint, Response

from connectors.sandbox import grants, ratings, surveys, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.calls import answer
from connectors.sandbox.changes import Outcome
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.limits import Limits, Plan
from connectors.sandbox.outbox import Delivery
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.refusals import Invalid, Malformed, Refusal
from connectors.sandbox.signing import sign
from connectors.sandbox.stamps import iso, make_ulid, real_now
from connectors.sandbox.statuses import Status
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import STATUSES, Ticket
from connectors.sandbox.vendor import Connection, Vendor
from connectors.sandbox.webhooks import Webhook
from connectors.sandbox.zendesk import (
    bulk,
    events,
    exports,
    gate,
    macros,
    oauth,
    oauth_staging,
    organizations,
    people,
    rules,
    tickets,
    triggers,
    views,
)
from connectors.sandbox.zendesk import ratings as rating_views
from connectors.sandbox.zendesk import webhooks as webhook_views
from connectors.sandbox.zendesk.errors import error_body

#: What a connected app is told of.
EVENTS = tuple(
    f"zen:event-type:ticket.{name}"
    for name in (
        "created",
        "comment_added",
        "status_changed",
        "priority_changed",
        "tags_changed",
        "group_assignment_changed",
        "agent_assignment_changed",
        "requester_changed",
        "custom_field_changed",
        "csat_received",
        "merged",
        "soft_deleted",
        "marked_as_spam",
        "undeleted",
        "comment_redacted",
        "comment_made_private",
    )
)

_GOOD, _BAD = "good", "bad"


class Zendesk(Vendor):
    """See `connectors.sandbox.vendor.Vendor`."""

    name: ClassVar[str] = "zendesk"
    domain: ClassVar[str] = "zendesk.com"
    #: Above 2**53, so that code which squeezes an id through a float is caught here and not at the vendor.
    first_id: ClassVar[int] = 9_100_000_000_000_001
    statuses: ClassVar[Sequence[Status]] = tuple(
        Status(word=word, code=code, label=word) for code, word in enumerate(STATUSES, start=1)
    )
    opening_status: ClassVar[str] = "new"
    closed_is_final: ClassVar[bool] = True
    spam_suspends: ClassVar[bool] = True
    merge_tags: ClassVar[tuple[str, ...]] = ("closed_by_merge",)
    merged_into: ClassVar[str] = "This request was closed and merged into request #{}."
    merged_from: ClassVar[str] = "Request #{} was closed and merged into this request."
    json_suffix: ClassVar[bool] = True

    def sow(self, db: Db, account: SandboxAccount, now: str) -> None:
        """A client for OAuth; macros and fields are in every fresh account."""
        secret = account.oauth_client_secret
        grants.add_client(db, identifier=account.oauth_client_id, name="Kintsugi", secret=secret)

    def changed(self, db: Db, helpdesk: Helpdesk, outcome: Outcome) -> None:
        events.publish(db, helpdesk.account, outcome, events.of(db, outcome), helpdesk.clock())
        rules.fire(db, helpdesk.account, outcome, helpdesk.now())

    def tell(self, db: Db, helpdesk: Helpdesk, outcome: Outcome, kind: str, details: Mapping[str, Any]) -> None:
        events.publish(db, helpdesk.account, outcome, [(kind, details)], helpdesk.clock())
        if kind == "csat_received" and helpdesk.setting(db, "csat") == "legacy":
            rules.fire(db, helpdesk.account, outcome, helpdesk.now(), rated=True)

    def again(self, event_id: str, body: bytes) -> bytes:
        """A trigger's own body has no event id and stays as it is."""
        try:
            envelope = json.loads(body)
        except ValueError:
            return body
        if not isinstance(envelope, dict) or "zendesk_event_version" not in envelope:
            return body
        return json.dumps({**envelope, "id": event_id}, ensure_ascii=False, separators=(",", ":")).encode()

    def rate(self, db: Db, helpdesk: Helpdesk, ticket: Ticket, score: Any, comment: str) -> None:
        """Good or bad in the legacy system, 1 to 5 in a survey. Emits csat_received."""
        system = _system(score)
        active = helpdesk.setting(db, "csat")
        if system != active:
            raise Invalid({"score": f"the account's rating system is {active}; POST /sandbox/settings changes it"})
        if system == "legacy":
            ratings.rate(db, ticket, score=score, comment=comment, now=helpdesk.now())
        else:
            response = ratings.offer(db, ticket_id=ticket.id, responder_id=ticket.requester_id, moment=helpdesk.clock())
            ratings.respond(db, response, rating=score, comment=comment, now=helpdesk.now())
        rating_views.rated(db, helpdesk, ticket, score)

    def ratings(self, db: Db, ticket_id: int) -> list[dict[str, Any]]:
        legacy = ratings.find_legacy(db, ticket_id)
        found = [{"score": legacy["score"], "comment": legacy["comment"]}] if legacy else []
        surveys = [r for r in ratings.responses(db, ticket_id) if r.rating is not None]
        return [*found, *({"score": r.rating, "comment": r.comment or ""} for r in surveys)]

    def connect(self, db: Db, account: SandboxAccount, endpoint: str) -> Connection:
        known = next((item for item in webhooks.everything(db) if item.secret == account.webhook_secret), None)
        webhook = replace(known, endpoint=endpoint) if known else _webhook(account, endpoint)
        webhooks.put(db, webhook)
        return Connection(webhook_id=webhook.id, secret=webhook.secret)

    def headers(self, account_id: int, webhook: Webhook, delivery: Delivery, at: str) -> dict[str, str]:
        """The timestamp is the attempt's, not the event's."""
        return {
            "User-Agent": "Zendesk Webhook",
            "Content-Type": "application/json; charset=utf-8",
            "X-Zendesk-Account-Id": str(account_id),
            "X-Zendesk-Webhook-Id": webhook.id,
            "X-Zendesk-Webhook-Invocation-Id": delivery.invocation_id,
            "X-Zendesk-Webhook-Signature": sign(webhook.secret, at, delivery.body),
            "X-Zendesk-Webhook-Signature-Timestamp": at,
        }

    def judged(self, patience: Patience, *, number: int, status: int | None, retry_after: str | None) -> Verdict:
        pause = patience.pause * 2 ** (number - 1)
        if status is None:
            return Verdict(status="timeout", wait=pause if number < patience.silence_tries else None)
        if 200 <= status < 300:
            return Verdict(status="success", delivered=True)
        if status == 409:
            return Verdict(status="failed", wait=pause if number < patience.conflict_tries else None)
        asked = float(retry_after) if retry_after and retry_after.isdigit() else None
        if status in (429, 503) and asked is not None and asked <= patience.longest_retry_after:
            return Verdict(status="throttled", wait=asked if number < patience.busy_tries else None)
        return Verdict(status="terminated")

    def hourly(self, patience: Patience, webhook: Webhook) -> int | None:
        return None

    def make_limits(self, plan: Mapping[str, Any] | None) -> Limits:
        return Limits(Plan(**plan) if plan else None)

    def api(self) -> Blueprint:
        api = Blueprint("api", __name__)
        gate.guard(api)
        for part in (
            tickets,
            people,
            organizations,
            macros,
            webhook_views,
            triggers,
            views,
            bulk,
            exports,
            rating_views,
            oauth,
        ):
            api.register_blueprint(part.api)
        api.add_url_rule("/<path:unknown>", view_func=_unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return api

    def sites(self) -> Sequence[Blueprint]:
        return (surveys.site, oauth.site, oauth_staging.api)

    def refuse(self, refusal: Refusal) -> Response:
        status, body = error_body(refusal)
        return answer(body, status)

    def unlawful(self, status: int, name: str, description: str | None) -> Response:
        return answer({"error": name.replace(" ", ""), "description": description}, status)


def _system(score: Any) -> str:
    if score in (_GOOD, _BAD):
        return "legacy"
    if isinstance(score, int) and not isinstance(score, bool) and 1 <= score <= 5:
        return "survey"
    raise Malformed("score must be good, bad, or 1 to 5")


def _webhook(account: SandboxAccount, endpoint: str) -> Webhook:
    return Webhook(
        id=make_ulid(),
        name="Connected app",
        endpoint=endpoint,
        subscriptions=EVENTS,
        secret=account.webhook_secret,
        created_by=account.integration_id,
        created_at=iso(real_now()),
    )


def _unknown(unknown: str) -> Response:
    return answer({"error": "InvalidEndpoint", "description": f"Not found: {unknown} is not spoken here"}, 404)


ZENDESK = Zendesk()
