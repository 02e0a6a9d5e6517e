"""What is known about Zendesk before a desk is opened: addresses, credentials, and its webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from connectors.base import Connector, ConnectorKind, Line, WebhookRequest
from connectors.http import loopback_url
from connectors.ticket import DeskEvent
from connectors.zendesk import webhook

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EMAIL = re.compile(r"[^\s@/:]{1,200}@[^\s@/:]{1,200}")


class ZendeskKind(ConnectorKind):
    """See `connectors.base.ConnectorKind`. Credentials are {"email", "api_token"}."""

    name: ClassVar[str] = "zendesk"

    def open(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: Mapping[str, str],
        line: Line,
    ) -> Connector:
        # Imported here, since a web process that only receives webhooks never needs zenpy.
        from connectors.zendesk.client import ZendeskConnector

        return ZendeskConnector(
            subdomain=_subdomain(subdomain),
            base_url=None if base_url is None else loopback_url(base_url),
            credentials=_credentials(credentials),
            line=line,
        )

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        webhook.verify(request, secrets)

    def parse(self, request: WebhookRequest) -> DeskEvent:
        return webhook.parse(request)

    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        site = f"https://{_subdomain(subdomain)}.zendesk.com" if base_url is None else loopback_url(base_url)
        return f"{site}/agent/tickets/{ticket_id}"


def _subdomain(subdomain: str) -> str:
    if not _SUBDOMAIN.fullmatch(subdomain):
        raise ValueError(f"subdomain: {subdomain!r} is not the part before .zendesk.com")
    return subdomain


def _credentials(credentials: Mapping[str, str]) -> tuple[str, str]:
    """E-mail and API token. Raises ValueError that names the field, and never its value."""
    accepted = "Zendesk takes email and api_token"
    for name in sorted(set(credentials) - {"email", "api_token"}):
        raise ValueError(f"credentials.{name}: not known; {accepted}")
    email = credentials.get("email", "").strip().removesuffix("/token")
    if not _EMAIL.fullmatch(email):
        raise ValueError(f"credentials.email: missing or not an address; {accepted}")
    token = credentials.get("api_token", "").strip()
    if not re.fullmatch(r"[!-~]{1,500}", token):
        raise ValueError(f"credentials.api_token: missing or not a token; {accepted}")
    return email, token
