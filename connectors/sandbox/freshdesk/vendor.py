"""Freshdesk as the sandbox plays it: its manners, its ratings, its webhook requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import Blueprint, Response

from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.calls import answer
from connectors.sandbox.changes import Outcome
from connectors.sandbox.freshdesk import gate
from connectors.sandbox.freshdesk.codes import STATUSES
from connectors.sandbox.freshdesk.errors import error_body
from connectors.sandbox.freshdesk.limits import FreshdeskLimits, FreshdeskPlan
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.outbox import Delivery
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.statuses import Status
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.vendor import Connection, Vendor
from connectors.sandbox.webhooks import Webhook


class Freshdesk(Vendor):
    """See `connectors.sandbox.vendor.Vendor`."""

    name: ClassVar[str] = "freshdesk"
    domain: ClassVar[str] = "freshdesk.com"
    first_id: ClassVar[int] = 43_000_000_001
    statuses: ClassVar[Sequence[Status]] = STATUSES
    opening_status: ClassVar[str] = "open"
    closed_is_final: ClassVar[bool] = False
    spam_suspends: ClassVar[bool] = False
    json_suffix: ClassVar[bool] = False

    def sow(self, db: Db, account: SandboxAccount, now: str) -> None:
        return None

    def changed(self, db: Db, helpdesk: Helpdesk, outcome: Outcome) -> None:
        return None

    def tell(self, db: Db, helpdesk: Helpdesk, outcome: Outcome, kind: str, details: Mapping[str, Any]) -> None:
        return None

    def again(self, event_id: str, body: bytes) -> bytes:
        """Freshdesk's bodies have no event id."""
        return body

    def rate(self, db: Db, helpdesk: Helpdesk, ticket: Ticket, score: Any, comment: str) -> None:
        return None

    def ratings(self, db: Db, ticket_id: int) -> list[dict[str, Any]]:
        return []

    def connect(self, db: Db, account: SandboxAccount, endpoint: str) -> Connection:
        return Connection(webhook_id="", secret=account.webhook_secret)

    def headers(self, account_id: int, webhook: Webhook, delivery: Delivery, at: str) -> dict[str, str]:
        """Nothing is signed; what proves the sender is a header of the rule's own."""
        return {"User-Agent": "Freshdesk", "Content-Type": "application/json"}

    def judged(self, patience: Patience, *, number: int, status: int | None, retry_after: str | None) -> Verdict:
        """Everything outside 2xx is tried again at the same distance, whatever the answer asked for."""
        if status is not None and 200 <= status < 300:
            return Verdict(status="success", delivered=True)
        return Verdict(status="failed", wait=patience.again if number < patience.tries else None)

    def hourly(self, patience: Patience) -> int | None:
        return patience.hourly

    def make_limits(self, plan: Mapping[str, Any] | None) -> FreshdeskLimits:
        return FreshdeskLimits(FreshdeskPlan(**plan) if plan else None)

    def api(self) -> Blueprint:
        api = Blueprint("api", __name__)
        gate.guard(api)
        api.add_url_rule("/<path:unknown>", view_func=_unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return api

    def sites(self) -> Sequence[Blueprint]:
        return ()

    def refuse(self, refusal: Refusal) -> Response:
        status, body = error_body(refusal)
        return Response(status=status) if body is None else answer(body, status)

    def unlawful(self, status: int, name: str, description: str | None) -> Response:
        return answer({"code": name.lower().replace(" ", "_"), "message": description}, status)


def _unknown(unknown: str) -> Response:
    del unknown
    return Response(status=404)


FRESHDESK = Freshdesk()
