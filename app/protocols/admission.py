"""Who is let in when there is not room for every case: the day's cap, a team's room, the order of those who wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.protocols.facts import Facts

#: What a customer's known value adds: ten times the value adds one half. Judgement, so that no single figure rules.
VALUE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One limit and how much of it is taken."""

    limit: int
    taken: int
    of: str  #: what the limit is of, for people: "cases a day", "open cases of the team Recovery"


def expected_benefit(facts: Facts) -> float:
    """What a recovery may be worth, to order those who wait by: the greater the sooner; above 0.

    The chance that the conversation ends unsatisfied, raised by the risk that the customer leaves (up to twice) and by
    what the customer is worth to the desk. It is an order, not an amount.
    """
    p_satisfied, churn, value = (facts.get(name) for name in ("p_satisfied", "churn_risk", "customer_value"))
    lost = 1.0 - float(p_satisfied) if p_satisfied is not None else 0.5
    worth = 1.0 + VALUE_WEIGHT * math.log10(1.0 + max(0.0, float(value or 0.0)))
    return max(lost, 0.001) * (1.0 + float(churn or 0.0)) * worth


def deferred(rooms: tuple[Room, ...], ahead: int) -> str | None:
    """Why a case is put off, or None where it may open; `ahead` counts those who wait and have more to gain."""
    for room in rooms:
        if room.taken >= room.limit:
            return f"Deferred: capacity. The criteria hold; all {room.limit} {room.of} are taken."
        if room.taken + ahead >= room.limit:
            return (
                f"Deferred: capacity. The criteria hold; what is left of {room.limit} {room.of} "
                "goes to tickets with more to gain."
            )
    return None


def day_begins(now: datetime, zone: str | None) -> datetime:
    """When the day began on which `now` is, by the clocks of the IANA zone, else by UTC."""
    local = now.astimezone(ZoneInfo(zone) if zone else UTC)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
