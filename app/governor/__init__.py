"""The API-call budget per desk: what the helpdesk's answers said about its limits, and who may call when.

Asked before every call and told after it. A call that has to wait is refused before it leaves: its row is postponed,
and nothing sleeps. A helpdesk that asked us to wait all the same is remembered in the desk's row, so that every worker
of every process stays away.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import real_now
from app.governor.lanes import CEILINGS, Draw, Lane, draw, name_of
from app.governor.memory import Calls, LocalMemory, Memory, Standing
from app.store import desks
from app.store.database import Database
from connectors.base import Allowance, Allowances, CallLimits, CallObserver, Gate
from connectors.errors import OverBudget

ACCOUNT = "account"
SHARE = 0.6  #: of the account's allowances that we spend at most
DEFAULT_WAIT = timedelta(seconds=60)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
#: Everything that waits for the same window would come at the same moment.
SPREAD = 3.0  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Which part of a desk's allowances is ours, and what its calls draw on."""

    desk_id: int
    allowances: Allowances
    share: float = SHARE  #: in (0, 1]


class Governor:
    """One per process; what it knows is in the memory that it was given, and in the database."""

    def __init__(self, database: Database, memory: Memory | None = None) -> None:
        self._database = database
        self._memory = memory or LocalMemory()
        self._lock = threading.Lock()
        self._resting: dict[tuple[int, Lane], float] = {}

    def gate(self, budget: Budget, lane: Callable[[], Lane]) -> Gate:
        """What a connector asks before each of its calls, in the lane of that moment. Raises OverBudget."""

        def ask(method: str, path: str) -> None:
            now_in = lane()
            draws = [draw(one, now_in, budget.share) for one in budget.allowances(method, path)]
            wait = self._memory.grant(budget.desk_id, draws)
            if wait is not None:
                self._rest(budget.desk_id, now_in, draws, wait)
                raise OverBudget(f"our budget of calls for {now_in} is spent", retry_after=wait)

        return ask

    def observer(self, desk_id: int, allowances: Allowances | None = None) -> CallObserver:
        """What a connector tells after each of its calls."""

        def observe(method: str, path: str, status: int, limits: Sequence[CallLimits]) -> None:
            self._memory.count(desk_id, "read" if method in {"GET", "HEAD"} else "write", status)
            drawn = allowances(method, path) if allowances is not None else ()
            keys = {one.bucket: one.key for one in drawn}
            names = [name_of(one.bucket, one.key) for one in drawn]
            told = {name_of(limit.bucket, keys.get(limit.bucket, "")): limit for limit in limits}
            self._memory.learn(desk_id, names, told)

        return observe

    def rate_limited(
        self, desk_id: int, retry_after: timedelta | None, spent: frozenset[str] = frozenset()
    ) -> datetime:
        """Keep every worker away from this desk for as long as it asked; returns until when (mechanism time).

        Between a second and an hour; a minute where it did not say. Where its answer named the `spent` buckets, and the
        account's own is not among them, the desk goes on: calls that draw on those wait at the gate.
        """
        asked = DEFAULT_WAIT if retry_after is None else retry_after
        wait = min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)
        until = real_now() + wait
        if not spent or ACCOUNT in spent:
            with self._database.desk(desk_id) as session:
                desks.block(session, desk_id, until)
        return until

    def over_budget(self, retry_after: timedelta | None) -> datetime:
        """When to try again what our own budget refused: as soon as it may, and not all at once."""
        wait = retry_after if retry_after is not None else DEFAULT_WAIT
        spread = min(SPREAD, wait.total_seconds())
        return real_now() + wait + timedelta(seconds=random.uniform(0, spread))

    def room(self, budget: Budget, lane: Lane) -> int:
        """How many reads a lane may make at this moment, by the account's own allowance."""
        first = budget.allowances("GET", "/")[0]
        known = next((one for one in self.standings(budget.desk_id) if one.name == first.bucket), None)
        return room_of(known, draw(first, lane, budget.share), real_now())

    def resting(self, lane: Lane) -> frozenset[int]:
        """Desks whose account has nothing left for this lane just now, as far as this process has been told."""
        now = time.monotonic()
        with self._lock:
            return frozenset(desk for (desk, one), until in self._resting.items() if one is lane and until > now)

    def _rest(self, desk_id: int, lane: Lane, draws: Sequence[Draw], wait: timedelta) -> None:
        # A call that draws on the account alone says how the account stands; any other may lack something special.
        if len(draws) == 1:
            with self._lock:
                self._resting[desk_id, lane] = time.monotonic() + wait.total_seconds()

    def calls(self) -> Calls:
        """Calls of all processes so far: (desk, direction, status) -> number; status 0 is no answer."""
        return self._memory.calls()

    def standings(self, desk_id: int) -> Sequence[Standing]:
        """The desk's allowances as last told, those of single tickets left out."""
        return self._memory.standings(desk_id)

    def desks(self) -> Sequence[int]:
        """Desks of which any allowance is known."""
        return self._memory.desks()


def room_of(known: Standing | None, drawn: Draw, now: datetime) -> int:
    """Calls that are left to a lane in an allowance."""
    if known is None or known.resets_at <= now:
        total = drawn.allowance.calls if known is None or known.total is None else known.total
        return drawn.cap(total)
    total = known.total if known.total is not None else drawn.allowance.calls
    left = total - known.ours if known.left is None else known.left
    return max(0, min(drawn.cap(total) - known.ours, left - drawn.reserve(total)))


__all__ = [
    "CEILINGS",
    "SHARE",
    "Allowance",
    "Budget",
    "Governor",
    "Lane",
    "Standing",
]
