"""What is known about Zendesk before a desk is opened: addresses, credentials, and its webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from connectors.base import Allowance, Connector, ConnectorKind, Line, WebhookRequest
from connectors.http import loopback_url
from connectors.packaging import Package
from connectors.recording import Explained, Recorded
from connectors.ticket import DeskEvent
from connectors.zendesk import limits, package, recognise, webhook
from connectors.zendesk.checks import TOKENS_END
from connectors.zendesk.oauth import OAuthClient

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EMAIL = re.compile(r"[^\s@/:]{1,200}@[^\s@/:]{1,200}")
_SECRET = re.compile(r"[!-~]{1,2000}")
_ACCEPTED = (
    "Zendesk takes client_id, client_secret and refresh_token (or the first two), or the older email and api_token"
)


class ZendeskKind(ConnectorKind):
    """See `connectors.base.ConnectorKind`. Credentials are {"client_id", "client_secret", "refresh_token"}, the
    first two of them for the client's own access, or the older {"email", "api_token"}."""

    name: ClassVar[str] = "zendesk"
    bulk_reads: ClassVar[bool] = True

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

    def allowances(self, method: str, path: str) -> Sequence[Allowance]:
        return limits.allowances(method, path)

    def warnings(self, credentials: Mapping[str, str], now: datetime) -> Sequence[str]:
        if "api_token" not in credentials:
            return ()
        ended = now >= TOKENS_END
        when = f"stopped working on {TOKENS_END:%Y-%m-%d}" if ended else f"stop working on {TOKENS_END:%Y-%m-%d}"
        return (f"Zendesk's API tokens {when}. Connect this desk by OAuth instead: docs/zendesk.md tells how.",)

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        webhook.verify(request, secrets)

    def parse(self, request: WebhookRequest) -> DeskEvent:
        return webhook.parse(request)

    def explain(self, recorded: Recorded) -> Explained:
        return recognise.explain(recorded)

    def package(self, checkout: Path, public_url: str) -> Package:
        return package.build(checkout / "manifest.json", checkout / "connectors" / "zendesk" / "app", public_url)

    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        site = f"https://{_subdomain(subdomain)}.zendesk.com" if base_url is None else loopback_url(base_url)
        return f"{site}/agent/tickets/{ticket_id}"


def _subdomain(subdomain: str) -> str:
    if not _SUBDOMAIN.fullmatch(subdomain):
        raise ValueError(f"subdomain: {subdomain!r} is not the part before .zendesk.com")
    return subdomain


def _credentials(credentials: Mapping[str, str]) -> OAuthClient | tuple[str, str]:
    """What to sign in with. Raises ValueError that names the field, and never its value."""
    if set(credentials) & {"email", "api_token"}:
        return _legacy(credentials)
    _refuse_unknown(credentials, {"client_id", "client_secret", "refresh_token"})
    found = {name: value.strip() for name, value in credentials.items()}
    for name in ("client_id", "client_secret"):
        if not _SECRET.fullmatch(found.get(name, "")):
            raise ValueError(f"credentials.{name}: missing or malformed; {_ACCEPTED}")
    refresh = found.get("refresh_token")
    if refresh is not None and not _SECRET.fullmatch(refresh):
        raise ValueError(f"credentials.refresh_token: malformed; {_ACCEPTED}")
    return OAuthClient(id=found["client_id"], secret=found["client_secret"], refresh=refresh)


def _legacy(credentials: Mapping[str, str]) -> tuple[str, str]:
    """E-mail and API token."""
    _refuse_unknown(credentials, {"email", "api_token"})
    email = credentials.get("email", "").strip().removesuffix("/token")
    if not _EMAIL.fullmatch(email):
        raise ValueError(f"credentials.email: missing or not an address; {_ACCEPTED}")
    token = credentials.get("api_token", "").strip()
    if not _SECRET.fullmatch(token):
        raise ValueError(f"credentials.api_token: missing or not a token; {_ACCEPTED}")
    return email, token


def _refuse_unknown(credentials: Mapping[str, str], known: set[str]) -> None:
    for name in sorted(set(credentials) - known):
        raise ValueError(f"credentials.{name}: not known here; {_ACCEPTED}")
