"""Questions about what an account has, which the vendor's documents leave open. Reads only; nothing is tried out on
tickets, so whether a single update takes added and removed tags is not asked: we do not depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.base import CallLimits
from connectors.errors import ConnectorError, NotFound, Refused
from connectors.ticket import Finding

Get = Callable[[str, Mapping[str, str]], dict[str, Any]]

#: Stands in the description of everything that an installation makes.
MARK = "[kintsugi:"
_ONE, _MANY = {"page[size]": "1"}, {"page[size]": "100"}
#: Calls a minute -> the plans that have them. https://developer.zendesk.com/api-reference/introduction/rate-limits/
_PLANS = {200: "Team", 400: "Growth or Professional", 700: "Enterprise", 2500: "Enterprise Plus or High Volume"}
_WHOLE = "account"  #: the bucket of all calls together


def account_findings(
    get: Get, now: datetime, limits: Callable[[], Sequence[CallLimits]], *, admin: bool
) -> Iterator[Finding]:
    """What can be asked of an account whose credentials work; what only admins may is not asked of others."""
    yield _ratings(get)
    if admin:
        yield _export(get, now)
    yield _webhook(get)
    yield _fields(get)
    yield _plan(limits())


def _ratings(get: Get) -> Finding:
    """Only one of the vendor's two rating systems is in use, but either may have left ratings."""
    found = []
    for name, path in (("survey responses", "guide/survey_responses"), ("good or bad", "satisfaction_ratings.json")):
        try:
            body = get(path, _ONE)
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                return Finding(name="ratings", ok=False, detail=str(error), remedy="Connect this desk again.")
            found.append(f"{name}: not in this plan, or not for this role")
        except ConnectorError as error:
            return Finding(name="ratings", ok=False, detail=str(error), remedy="Ask again later.")
        else:
            rows = next((rows for rows in body.values() if isinstance(rows, list)), [])
            found.append(f"{name}: {'in use' if rows else 'can be read, none yet'}")
    return Finding(name="ratings", ok=True, detail="; ".join(found))


def _export(get: Get, now: datetime) -> Finding:
    """What reconciling and backfill read by; the vendor's start has to be a minute old."""
    start = str(int((now - timedelta(hours=1)).timestamp()))
    try:
        get("incremental/tickets/cursor.json", {"start_time": start, "per_page": "1"})
    except ConnectorError as error:
        remedy = "Use an admin's credentials: without the export, lost webhooks are not noticed."
        return Finding(name="export", ok=False, detail=str(error), remedy=remedy)
    return Finding(name="export", ok=True, detail="can be read")


def _webhook(get: Get) -> Finding:
    """The webhook that we installed, and what became of its latest deliveries."""
    try:
        listed = get("webhooks", {**_MANY, "filter[name_contains]": "Kintsugi"}).get("webhooks") or []
        ours = [one for one in listed if isinstance(one, Mapping) and MARK in str(one.get("description"))]
        if not ours:
            return Finding(name="webhooks", ok=True, detail="none was installed from here; it may be made by hand")
        active = [one for one in ours if one.get("status") == "active"]
        if not active:
            return Finding(name="webhooks", ok=False, detail="inactive", remedy="kintsugi desk install")
        ran = get(f"webhooks/{active[0].get('id')}/invocations", _MANY).get("invocations") or []
    except ConnectorError as error:
        remedy = "Use an admin's credentials, or make webhook and rules by hand."
        return Finding(name="webhooks", ok=False, detail=str(error), remedy=remedy)
    return _delivered([one for one in ran if isinstance(one, Mapping)])


def _delivered(ran: Sequence[Mapping[str, Any]]) -> Finding:
    failed = [one for one in ran if str(one.get("status")).lower() not in ("success", "enqueued", "pending")]
    latest = max((str(one.get("latest_completed_at") or "") for one in ran), default="")
    detail = f"active; {len(failed)} of its {len(ran)} latest deliveries failed"
    detail = f"{detail}, the last one ended at {latest[:40]}" if latest else detail
    if failed and len(failed) == len(ran):
        remedy = "See whether the helpdesk reaches this installation, and the answers on the webhook's own page there."
        return Finding(name="webhooks", ok=False, detail=detail, remedy=remedy)
    return Finding(name="webhooks", ok=True, detail=detail)


def _fields(get: Get) -> Finding:
    try:
        listed = get("ticket_fields.json", _MANY).get("ticket_fields") or []
    except ConnectorError as error:
        return Finding(name="our fields", ok=False, detail=str(error), remedy="Let this user's role see ticket fields.")
    ours = [one for one in listed if isinstance(one, Mapping) and MARK in str(one.get("agent_description"))]
    titles = ", ".join(sorted(str(one.get("title"))[:60] for one in ours))
    return Finding(name="our fields", ok=True, detail=titles or "none were installed")


def _plan(limits: Sequence[CallLimits]) -> Finding:
    """The plan that the account's own allowance speaks for."""
    total = max((limit.total for limit in limits if limit.bucket == _WHOLE and limit.total), default=None)
    if total is None:
        return Finding(name="plan", ok=True, detail="not told by the helpdesk's headers")
    return Finding(name="plan", ok=True, detail=f"{total} calls a minute, as with {_PLANS.get(total, 'no known plan')}")
