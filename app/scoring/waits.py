"""How long a customer waits for us: the clock of one conversation, and a desk's own norm made of many.

Values and arithmetic only. What a wait is worth stands in signals/waiting.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.scoring.context import Hours, Usual

ENOUGH_REPLIES = 30  #: from which a median of reply times is a norm


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Waits in calendar hours and in the desk's working hours. The clock runs only while the turn is ours.

    Working hours are None where the desk had no calendar when the reply came.
    """

    since: datetime | None = None  #: the first customer message that nobody has answered yet
    first_reply: float | None = None  #: hours to our first reply, once there was one
    next_reply: float | None = None  #: hours the latest reply after the first one took
    total: float = 0.0  #: hours of all waits that have ended
    first_worked: float | None = None  #: the same three in working hours
    next_worked: float | None = None
    total_worked: float | None = None  #: waits from before there was a calendar are in it by their calendar hours

    def running(self, now: datetime) -> float:
        """Calendar hours the present wait has lasted at `now`; 0 while the turn is the customer's."""
        return max(0.0, (now - self.since) / timedelta(hours=1)) if self.since else 0.0

    def worked(self, now: datetime, hours: Hours) -> float:
        """Working hours the present wait has lasted at `now`; 0 while the turn is the customer's."""
        return hours.between(self.since, now) if self.since else 0.0

    def asked(self, at: datetime) -> Waits:
        """The clock runs from the first message that nobody has answered."""
        if self.since:
            return self
        return Waits(
            since=at,
            first_reply=self.first_reply,
            next_reply=self.next_reply,
            total=self.total,
            first_worked=self.first_worked,
            next_worked=self.next_worked,
            total_worked=self.total_worked,
        )

    def answered(self, at: datetime, hours: Hours | None) -> Waits:
        """The clock stops: it is the customer's turn."""
        if self.since is None:
            return self
        took = self.running(at)
        worked = self.worked(at, hours) if hours else None
        first = self.first_reply is None
        return Waits(
            first_reply=took if first else self.first_reply,
            next_reply=self.next_reply if first else took,
            total=self.total + took,
            first_worked=worked if first else self.first_worked,
            next_worked=self.next_worked if first else worked,
            total_worked=self._total(took, worked),
        )

    def _total(self, took: float, worked: float | None) -> float | None:
        if worked is not None:
            return (self.total if self.total_worked is None else self.total_worked) + worked
        return None if self.total_worked is None else self.total_worked + took


def usual_of(conversations: Iterable[Iterable[tuple[bool, datetime]]], hours: Hours | None) -> Usual:
    """A desk's norm from its conversations, each a list of (whether it is ours, when) in order.

    Medians in working hours, in calendar hours without a calendar; None where there are fewer than `ENOUGH_REPLIES`.
    """
    first: list[float] = []
    later: list[float] = []
    for messages in conversations:
        waits = Waits()
        for ours, at in messages:
            if not ours:
                waits = waits.asked(at)
            elif waits.since is not None:
                took = waits.worked(at, hours) if hours else waits.running(at)
                (first if waits.first_reply is None else later).append(took)
                waits = waits.answered(at, None)
    return Usual(first_reply=_norm(first), next_reply=_norm(later))


def _norm(took: list[float]) -> float | None:
    return median(took) if len(took) >= ENOUGH_REPLIES else None
