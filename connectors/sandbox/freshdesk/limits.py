"""Freshdesk's limits: a minute's calls for the account, sub-limits of some endpoints, and what an include costs."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.limits import AnyPlan, Counting, Standing

_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshdeskPlan(AnyPlan):
    """Calls a minute. The defaults are an Enterprise account's; Growth has 200, 80, 80, 20 and 20."""

    tickets_create: int = 280
    tickets_update: int = 280
    tickets_list: int = 200
    contacts_list: int = 200


class FreshdeskLimits(Counting[FreshdeskPlan]):
    """Freshdesk's buckets. Calls that are refused count as well."""

    def __init__(self, plan: FreshdeskPlan | None = None) -> None:
        super().__init__(plan or FreshdeskPlan())

    def spend(self, method: str, path: str, user_id: int) -> list[Standing]:
        """The path is with its query, since an include costs extra."""
        del user_id
        bare, _, query = path.partition("?")
        parts = bare.strip("/").split("/")[2:]
        listing = method == "GET" and len(parts) == 1
        found = [self._spend("account", "", self.plan.account, _MINUTE, _cost(query, listing=listing))]
        bucket = _bucket(method, parts)
        if bucket is not None:
            found.append(self._spend(bucket, "", getattr(self.plan, bucket), _MINUTE))
        return found


def _cost(query: str, *, listing: bool) -> int:
    """One for the call; for each include one more on one ticket, and two on a list."""
    included = next((part.partition("=")[2] for part in query.split("&") if part.startswith("include=")), "")
    count = len([name for name in included.replace("%2C", ",").split(",") if name])
    return 1 + count * (2 if listing else 1)


def _bucket(method: str, parts: list[str]) -> str | None:
    if parts[:1] == ["tickets"] and len(parts) <= 2:
        if len(parts) == 1:
            return {"GET": "tickets_list", "POST": "tickets_create"}.get(method)
        return "tickets_update" if method == "PUT" and parts[1].isdigit() else None
    return "contacts_list" if parts == ["contacts"] and method == "GET" else None


def headers(standings: list[Standing]) -> dict[str, str]:
    """As Freshdesk spells them: always the account's numbers, whichever bucket ran dry."""
    account = standings[0]
    return {
        "X-RateLimit-Total": str(account.total),
        "X-RateLimit-Remaining": str(max(0, account.remaining)),
        "X-RateLimit-Used-CurrentRequest": str(account.used),
    }
