"""The real questions that `Connector.check` asks a Freshdesk account, as findings with a remedy each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from connectors.base import CallLimits
from connectors.errors import ConnectorError, NotFound
from connectors.freshdesk import ratings
from connectors.freshdesk.api import Api
from connectors.freshdesk.statuses import FIRST_CUSTOM, Statuses
from connectors.ticket import Finding

_ONE = {"per_page": "1", "page": "1"}
#: https://developers.freshdesk.com/api/#agents: what an agent's `ticket_scope` lets him see.
_ALL_TICKETS = 1


def run_checks(api: Api, statuses: Callable[[], Statuses], now: datetime) -> list[Finding]:
    """Ask everything that can be asked. Without working credentials there is only that one finding."""
    try:
        me = api.get("agents/me", of="the agent of this key")
    except ConnectorError as error:
        remedy = "Check the address and the API key of this desk; an agent's key is in the agent's own profile."
        return [Finding(name="credentials", ok=False, detail=str(error), remedy=remedy)]
    return [
        Finding(name="credentials", ok=True, detail=f"signed in as agent {me.get('id')}"),
        _scope(me),
        *_reading(api),
        _question("macros", lambda: api.rows("canned_response_folders", _ONE), "Give this agent the canned responses."),
        _changes(api, now),
        _ratings(api),
        _statuses(statuses),
        _rules(api),
        _allowance(tuple(api.limits.values())),
    ]


def _scope(me: Mapping[str, Any]) -> Finding:
    scope = me.get("ticket_scope")
    if scope in (None, _ALL_TICKETS):
        return Finding(name="role", ok=True, detail="sees all tickets")
    remedy = "Give this agent access to all tickets: what it does not see cannot be watched."
    return Finding(name="role", ok=False, detail=f"ticket scope {scope}", remedy=remedy)


def _reading(api: Api) -> list[Finding]:
    """Tickets, and the conversations of one of them."""
    seen: list[str] = []

    def tickets() -> None:
        page = api.rows("tickets", _ONE, of="tickets")
        seen.extend(str(ticket.get("id")) for ticket in page if isinstance(ticket, Mapping))

    remedy = "Give this agent's role access to all tickets and their conversations."
    findings = [_question("tickets", tickets, remedy)]
    if seen:
        path = f"tickets/{seen[0]}/conversations"
        findings.append(_question("comments", lambda: api.rows(path, _ONE, of=path), remedy))
    return findings


def _question(name: str, ask: Callable[[], object], remedy: str) -> Finding:
    try:
        ask()
    except ConnectorError as error:
        return Finding(name=name, ok=False, detail=str(error), remedy=remedy)
    return Finding(name=name, ok=True, detail="can be read")


def _changes(api: Api, now: datetime) -> Finding:
    """Whether a list takes a filter and a time at once, which the walk along changed tickets needs."""
    since = (now - timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    params = {**_ONE, "filter": "spam", "updated_since": since, "order_by": "updated_at", "order_type": "asc"}
    remedy = "Tickets whose webhooks are lost will not be found; tell the makers of Kintsugi."
    return _question("changes", lambda: api.rows("tickets", params, of="changed tickets"), remedy)


def _ratings(api: Api) -> Finding:
    """Surveys are part of some plans only; without them our own survey is the only one."""
    try:
        api.rows("surveys", {"state": "active"}, of="surveys")
        given = api.rows("surveys/satisfaction_ratings", of="ratings")
    except ConnectorError as error:
        return Finding(name="ratings", ok=True, detail=f"this account tells no ratings of its own ({error})")
    try:
        codes = {one.code for one in map(ratings.read_given, given) if one}
    except ValidationError as error:
        remedy = "Its ratings are left out until this is known; tell the makers of Kintsugi the field."
        return Finding(name="ratings", ok=False, detail=f"a rating reads oddly: {error.messages}", remedy=remedy)
    if strange := sorted(codes - set(ratings.CODES)):
        return Finding(name="ratings", ok=True, detail=f"can be read, with codes of the survey's own: {strange}")
    return Finding(name="ratings", ok=True, detail=f"can be read, {len(given)} looked at")


def _statuses(statuses: Callable[[], Statuses]) -> Finding:
    try:
        custom = statuses().custom
    except ConnectorError as error:
        remedy = f'Say what statuses from {FIRST_CUSTOM} on mean: "statuses": "6=pending, 7=hold" in the secret file.'
        return Finding(name="statuses", ok=False, detail=str(error), remedy=remedy)
    told = ", ".join(f"{number} is {meant.value}" for number, meant in sorted(custom.items()))
    return Finding(name="statuses", ok=True, detail=told or "none of the account's own")


def _rules(api: Api) -> Finding:
    """Not every account lets its automation rules be listed, so that alone is nothing wrong."""
    remedy = "Use an admin's key, or see to the rules by hand: docs/freshdesk.md."
    try:
        rules = api.rows("automations/4/rules", _ONE, of="automation rules")
    except NotFound:
        return Finding(name="webhooks", ok=True, detail="rules cannot be listed here; see to them by hand")
    except ConnectorError as error:
        return Finding(name="webhooks", ok=False, detail=str(error), remedy=remedy)
    return Finding(name="webhooks", ok=True, detail="rules can be read" if rules else "no rule on updates yet")


def _allowance(limits: Sequence[CallLimits]) -> Finding:
    """What the answers to the questions above told about the account's allowance."""
    told = [f"{limit.bucket} {limit.remaining} of {limit.total}" for limit in limits]
    return Finding(name="limits", ok=True, detail=", ".join(told) or "the helpdesk named none")
