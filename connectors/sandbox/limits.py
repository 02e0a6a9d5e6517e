"""Rate limits: fixed windows in real time, which buckets a call falls into, and the headers that speak of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.sandbox.refusals import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Calls per window. The defaults are an Enterprise account's."""

    unlimited: bool = False  #: count and show, but never refuse
    account: int = 700  #: a minute, everything together
    tickets_update: int = 100  #: a minute
    per_ticket: int = 30  #: in ten minutes, for one user and one ticket
    webhooks: int = 100  #: a minute
    incremental: int = 10  #: a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One bucket after a call: how much is left of it, and when it fills up again."""

    bucket: str
    total: int
    remaining: int  #: below zero when the call must be refused
    resets: int  #: whole seconds, at least 1


class Limits:
    """Counts calls per bucket. Forgotten at a restart, which is in the client's favour."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self._mutex = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def change(self, wanted: Mapping[str, Any]) -> Plan:
        """New numbers from now on; counts start afresh. Raises Invalid for an unknown name or a wrong value."""
        known = {name: type(value) for name, value in asdict(self.plan).items()}
        wrong = {
            name: f"{name}: is not a limit, or {value!r} is not right for it"
            for name, value in wanted.items()
            if name not in known or type(value) is not known[name] or value < 0
        }
        if wrong:
            raise Invalid(wrong)
        with self._mutex:
            self.plan = replace(self.plan, **wanted)
            self._windows.clear()
        return self.plan

    def spend(self, method: str, path: str, user_id: int) -> list[Standing]:
        """Count one call in every bucket it falls into; the account's comes first."""
        plan = self.plan
        found = [self._spend("account", "", plan.account, 60)]
        parts = path.strip("/").split("/")[2:]
        if parts[:1] == ["tickets"] and method == "PUT" and len(parts) > 1:
            found.append(self._spend("tickets-update", "", plan.tickets_update, 60))
            if parts[1].isdigit():
                key = f"{user_id}/{parts[1]}"
                found.append(self._spend("per-ticket-updates", key, plan.per_ticket, 600))
        elif parts[:1] == ["webhooks"]:
            found.append(self._spend("webhooks", "", plan.webhooks, 60))
        elif parts[:1] == ["incremental"]:
            found.append(self._spend("incremental-exports", "", plan.incremental, 60))
        return found

    def _spend(self, bucket: str, key: str, total: int, seconds: float) -> Standing:
        now = time.monotonic()
        with self._mutex:
            until, used = self._windows.get((bucket, key), (0.0, 0))
            if until <= now:
                until, used = now + seconds, 0
            self._windows[bucket, key] = (until, used + 1)
        return Standing(bucket=bucket, total=total, remaining=total - used - 1, resets=max(1, round(until - now)))


def headers(standings: list[Standing]) -> dict[str, str]:
    """As the vendor spells them."""
    account = standings[0]
    found = {
        "X-Rate-Limit": str(account.total),
        "X-Rate-Limit-Remaining": str(max(0, account.remaining)),
        "ratelimit-limit": str(account.total),
        "ratelimit-remaining": str(max(0, account.remaining)),
        "ratelimit-reset": str(account.resets),
    }
    for item in standings[1:]:
        left = max(0, item.remaining)
        found[f"zendesk-ratelimit-{item.bucket}"] = f"total={item.total}; remaining={left}; resets={item.resets}"
    return found
