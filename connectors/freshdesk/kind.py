"""What is known about Freshdesk before a desk is opened: addresses, credentials, and its webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from connectors.base import Connector, ConnectorKind, Line, WebhookRequest
from connectors.freshdesk import package, recognise, statuses, webhook
from connectors.http import loopback_url
from connectors.packaging import Package
from connectors.recording import Explained, Recorded
from connectors.ticket import DeskEvent, Person, TicketStatus

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ACCEPTED = "Freshdesk takes api_key, and statuses where the account has its own"


class FreshdeskKind(ConnectorKind):
    """See `connectors.base.ConnectorKind`. Credentials are {"api_key"}, and {"statuses": "6=pending, 7=hold"}."""

    name: ClassVar[str] = "freshdesk"
    #: No call reads many tickets by id, tells what was said on many, or adds tags without replacing them.
    bulk_reads: ClassVar[bool] = False

    def open(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: Mapping[str, str],
        line: Line,
    ) -> Connector:
        # Imported here, since a web process that only receives webhooks never makes a call.
        from connectors.freshdesk.client import FreshdeskConnector

        api_key, custom = _credentials(credentials)
        return FreshdeskConnector(
            subdomain=_subdomain(subdomain),
            base_url=None if base_url is None else loopback_url(base_url),
            api_key=api_key,
            custom_statuses=custom,
            line=line,
        )

    def names(self, person: Person) -> frozenset[str]:
        """A rule tells who did it by an address only."""
        by_email = webhook.actor_by_email(person.email or "")
        return frozenset({person.id, *([by_email] if by_email else [])})

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        webhook.verify(request, secrets)

    def parse(self, request: WebhookRequest) -> DeskEvent:
        return webhook.parse(request)

    def explain(self, recorded: Recorded) -> Explained:
        return recognise.explain(recorded)

    def package(self, checkout: Path, public_url: str) -> Package:
        return package.build(checkout / "connectors" / "freshdesk" / "app", public_url)

    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        site = f"https://{_subdomain(subdomain)}.freshdesk.com" if base_url is None else loopback_url(base_url)
        return f"{site}/a/tickets/{ticket_id}"


def _subdomain(subdomain: str) -> str:
    if not _SUBDOMAIN.fullmatch(subdomain):
        raise ValueError(f"subdomain: {subdomain!r} is not the part before .freshdesk.com")
    return subdomain


def _credentials(credentials: Mapping[str, str]) -> tuple[str, Mapping[int, TicketStatus] | None]:
    """API key, and what custom statuses mean where it was said. Raises ValueError that names the field, never a key."""
    for name in sorted(set(credentials) - {"api_key", "statuses"}):
        raise ValueError(f"credentials.{name}: not known; {_ACCEPTED}")
    api_key = credentials.get("api_key", "").strip()
    if not re.fullmatch(r"[!-9;-~]{1,500}", api_key):  # a colon would end it
        raise ValueError(f"credentials.api_key: missing or not a key; {_ACCEPTED}")
    said = credentials.get("statuses")
    return api_key, None if said is None else statuses.read_setting(said)
