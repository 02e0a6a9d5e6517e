"""The real questions that `Connector.check` asks a Zendesk account, as findings with a remedy each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.base import CallLimits
from connectors.errors import ConnectorError
from connectors.ticket import Finding, Person
from connectors.zendesk.account import Get, account_findings

#: https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)

_ONE = {"page[size]": "1"}


def run_checks(
    *,
    me: Callable[[], tuple[Person, str]],
    get: Get,
    limits: Callable[[], Sequence[CallLimits]],
    now: datetime,
    oauth: bool = False,
) -> list[Finding]:
    """Ask everything that can be asked. Without working credentials there is only that one finding."""
    try:
        person, role = me()
    except ConnectorError as error:
        remedy = "Connect this desk again: the Reconnect button on the desks page, or `kintsugi desk change`."
        if not oauth:
            remedy = "Check the address, e-mail and API token of this desk, and that token access is switched on."
        return [Finding(name="credentials", ok=False, detail=str(error), remedy=remedy)]
    return [
        Finding(name="credentials", ok=True, detail=f"signed in as user {person.id}"),
        _role(role),
        *_reading(get),
        *account_findings(get, now, limits, admin=role == "admin"),
        _access(get) if oauth else _tokens(now),
        _allowance(limits()),
    ]


def _role(role: str) -> Finding:
    if role == "admin":
        return Finding(name="role", ok=True, detail="admin")
    remedy = "Reading surveys, exports and webhooks needs an admin; everything else works with an agent."
    return Finding(name="role", ok=False, detail=role or "unknown", remedy=remedy)


def _reading(get: Get) -> list[Finding]:
    """Tickets, and the comments of one of them."""
    seen: list[str] = []

    def tickets() -> None:
        body = get("tickets.json", _ONE)
        seen.extend(str(ticket.get("id")) for ticket in body.get("tickets") or () if isinstance(ticket, Mapping))

    remedy = "Give this user's role access to all tickets and their comments."
    findings = [_question("tickets", tickets, remedy)]
    if seen:
        findings.append(_question("comments", lambda: get(f"tickets/{seen[0]}/comments.json", _ONE), remedy))
    return findings


def _question(name: str, ask: Callable[[], object], remedy: str) -> Finding:
    try:
        ask()
    except ConnectorError as error:
        return Finding(name=name, ok=False, detail=str(error), remedy=remedy)
    return Finding(name=name, ok=True, detail="can be read")


def _access(get: Get) -> Finding:
    """What the token that carried these questions may do, and until when."""
    try:
        token = get("oauth/tokens/current.json", {}).get("token")
    except ConnectorError as error:
        return Finding(name="access", ok=False, detail=str(error), remedy="Connect this desk again.")
    known = token if isinstance(token, Mapping) else {}
    scopes = sorted(str(scope)[:40] for scope in known.get("scopes") or ())
    detail = f"OAuth, scopes {' '.join(scopes) or 'unknown'}, renewed before {known.get('expires_at') or 'any expiry'}"
    # Narrower scopes than these two are spelled tickets:read and the like; what they leave out, other findings show.
    enough = not scopes or {"read", "write"} <= set(scopes) or any(":" in scope for scope in scopes)
    return Finding(name="access", ok=enough, detail=detail, remedy="" if enough else "Consent to read and write.")


def _tokens(now: datetime) -> Finding:
    if now < TOKENS_END:
        detail = f"API tokens stop working on {TOKENS_END:%Y-%m-%d}; plan to connect by OAuth before that"
        return Finding(name="api token", ok=True, detail=detail)
    detail = f"API tokens stopped working on {TOKENS_END:%Y-%m-%d}"
    return Finding(name="api token", ok=False, detail=detail, remedy="Connect this desk by OAuth.")


def _allowance(limits: Sequence[CallLimits]) -> Finding:
    """What the answers to the questions above told about the account's allowance."""
    told = [f"{limit.bucket} {limit.remaining} of {limit.total}" for limit in limits]
    return Finding(name="limits", ok=True, detail=", ".join(told) or "the helpdesk named none")
