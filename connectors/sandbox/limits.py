"""Rate limits: fixed windows in real time, which buckets a call falls into, and the headers that speak of them."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from connectors.sandbox.refusals import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyPlan:
    """What the plan of every vendor has."""

    unlimited: bool = False  #: count, tell an allowance that nobody spends, and never refuse
    account: int = 700  #: a minute, everything together


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(AnyPlan):
    """Calls per window at Zendesk. The defaults are an Enterprise account's."""

    tickets_update: int = 100  #: a minute
    per_ticket: int = 30  #: in ten minutes, for one user and one ticket
    webhooks: int = 100  #: a minute
    incremental: int = 10  #: a minute
    jobs: int = 30  #: queued or running at once
    job_seconds: float = 0.0  #: for which a job counts as running


#: What an unlimited account is told to have.
UNLIMITED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One bucket after a call: how much is left of it, and when it fills up again."""

    bucket: str
    total: int
    remaining: int  #: below zero when the call must be refused
    resets: int  #: whole seconds, at least 1
    used: int = 1  #: what this call cost


P = TypeVar("P", bound=AnyPlan)


class Counting(ABC, Generic[P]):
    """Counts calls per bucket. Forgotten at a restart, which is in the client's favour."""

    def __init__(self, plan: P) -> None:
        self.plan = plan
        self._mutex = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def change(self, wanted: Mapping[str, Any]) -> P:
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

    @abstractmethod
    def spend(self, method: str, path: str, user_id: int) -> list[Standing]:
        """Count one call in every bucket it falls into; the account's comes first."""

    def _spend(self, bucket: str, key: str, total: int, seconds: float, cost: int = 1) -> Standing:
        now, total = time.monotonic(), UNLIMITED if self.plan.unlimited else total
        with self._mutex:
            until, used = self._windows.get((bucket, key), (0.0, 0))
            if until <= now:
                until, used = now + seconds, 0
            self._windows[bucket, key] = (until, used + cost)
        resets = max(1, round(until - now))
        return Standing(bucket=bucket, total=total, remaining=total - used - cost, resets=resets, used=cost)


class Limits(Counting[Plan]):
    """Zendesk's buckets."""

    def __init__(self, plan: Plan | None = None) -> None:
        super().__init__(plan or Plan())
        self._jobs: dict[str, float] = {}

    def begin_job(self, job_id: str) -> bool:
        """False where as many jobs as the account may have are queued or running."""
        with self._mutex:
            self._jobs = {one: until for one, until in self._jobs.items() if until > time.monotonic()}
            if len(self._jobs) >= self.plan.jobs and not self.plan.unlimited:
                return False
            self._jobs[job_id] = time.monotonic() + self.plan.job_seconds
            return True

    def runs(self, job_id: str) -> bool:
        """Whether the job is still under way."""
        with self._mutex:
            return self._jobs.get(job_id, 0.0) > time.monotonic()

    def spend(self, method: str, path: str, user_id: int) -> list[Standing]:
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
