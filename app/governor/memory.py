"""What is known of every desk's allowances, in one process's memory: the rule by which a call is granted.

Enough where one process makes all the calls, as when embedded; `shared.py` keeps the same in Redis for many. A window
begins with our first call in it and ends when the helpdesk's does, as soon as an answer has told when that is.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.clock import real_now
from app.governor.lanes import ANOTHER, MARGIN, PROBE_WAIT, PROBES, Draw
from connectors.base import CallLimits

LONGEST_KEPT = 2000  #: allowances of one desk; those of single tickets are forgotten beyond that

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: (desk, "read" or "write", status) -> calls
Calls = Mapping[tuple[int, str, int], int]


@dataclass(slots=True, kw_only=True)
class Standing:
    """One allowance of a desk as we believe it stands."""

    name: str  #: the bucket, and behind a slash what it is counted for
    total: int | None = None  #: None until the helpdesk has told
    left: int | None = None  #: at the helpdesk, by its last answer and what we have sent since
    ours: int = 0  #: calls that we were granted in this window
    flying: int = 0  #: those of them whose answers are not there yet
    answered: bool = False  #: the helpdesk has answered, whether it told an allowance or not
    resets_at: datetime = LONG_AGO

    def roll(self, now: datetime, window: timedelta) -> None:
        """Begin a new window where the last one is over."""
        if self.resets_at <= now:
            self.ours, self.flying, self.left, self.resets_at = 0, 0, self.total, now + window

    def wait(self, draw: Draw, now: datetime) -> timedelta | None:
        """None where a call may go now."""
        if not self.answered and self.flying >= PROBES:
            return PROBE_WAIT
        total = self.total if self.total is not None else draw.allowance.calls
        left = total - self.ours if self.left is None else self.left
        if self.ours >= draw.cap(total) or left <= draw.reserve(total):
            return self.resets_at - now
        return None

    def spend(self) -> None:
        self.ours, self.flying = self.ours + 1, self.flying + 1
        self.left = None if self.left is None else self.left - 1

    def learn(self, told: CallLimits | None, now: datetime) -> None:
        """An answer is there; `told` is what it said of this allowance."""
        self.flying, self.answered = max(0, self.flying - 1), True
        if told is None:
            return
        self.total = told.total if told.total is not None else self.total
        if told.resets_in is not None:
            self._end_at(now + told.resets_in + MARGIN)
        if told.remaining is not None:
            # Calls under way may not be counted there yet.
            left = told.remaining - self.flying
            self.left = left if self.left is None else min(self.left, left)

    def _end_at(self, resets_at: datetime) -> None:
        if resets_at > self.resets_at + ANOTHER:
            # A new window began there while we thought ourselves in the old one.
            self.ours, self.left = self.flying + 1, None
        self.resets_at = resets_at


class Memory(ABC):
    """Where grants and answers are remembered. Every method is safe to call from many threads."""

    @abstractmethod
    def grant(self, desk_id: int, draws: Sequence[Draw]) -> timedelta | None:
        """Spend one call of every allowance and return None, or how long to wait, and spend nothing."""

    @abstractmethod
    def learn(self, desk_id: int, names: Sequence[str], told: Mapping[str, CallLimits]) -> None:
        """A call that drew on `names` was answered (or will never be); `told` is what the answer said, by name."""

    @abstractmethod
    def count(self, desk_id: int, direction: str, status: int) -> None: ...

    @abstractmethod
    def calls(self) -> Calls: ...

    @abstractmethod
    def standings(self, desk_id: int) -> Sequence[Standing]:
        """The account's own allowances, not those of single tickets."""

    @abstractmethod
    def desks(self) -> Sequence[int]:
        """Desks of which anything is known."""


class LocalMemory(Memory):
    """In this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, dict[str, Standing]] = {}
        self._calls: Counter[tuple[int, str, int]] = Counter()

    def grant(self, desk_id: int, draws: Sequence[Draw]) -> timedelta | None:
        now = real_now()
        with self._lock:
            standings = [self._standing(desk_id, draw.name) for draw in draws]
            waits = []
            for draw, standing in zip(draws, standings, strict=True):
                standing.roll(now, draw.allowance.window)
                waits.append(standing.wait(draw, now))
            longest = max((wait for wait in waits if wait is not None), default=None)
            if longest is None:
                for standing in standings:
                    standing.spend()
            return longest

    def _standing(self, desk_id: int, name: str) -> Standing:
        known = self._known.setdefault(desk_id, {})
        if len(known) > LONGEST_KEPT:
            now = real_now()
            for old in [key for key, one in known.items() if "/" in key and one.resets_at <= now]:
                del known[old]
        return known.setdefault(name, Standing(name=name))

    def learn(self, desk_id: int, names: Sequence[str], told: Mapping[str, CallLimits]) -> None:
        now = real_now()
        with self._lock:
            for name in {*names, *told}:
                self._standing(desk_id, name).learn(told.get(name), now)

    def count(self, desk_id: int, direction: str, status: int) -> None:
        with self._lock:
            self._calls[desk_id, direction, status] += 1

    def calls(self) -> Calls:
        with self._lock:
            return dict(self._calls)

    def standings(self, desk_id: int) -> Sequence[Standing]:
        with self._lock:
            known = sorted(self._known.get(desk_id, {}).items())
            return [replace(one) for name, one in known if "/" not in name]

    def desks(self) -> Sequence[int]:
        with self._lock:
            return sorted(self._known)
