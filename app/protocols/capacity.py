"""The capacity planner: how many cases each threshold would open, and what they take in hours and money. Pure; the
cases come from a replay, so they are those that the version would have opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from app.protocols.facts import FACTS, Kind
from app.protocols.figures import Figures
from app.protocols.protocol import Condition, Criteria, RecoveryProtocol

COMPARISONS = frozenset({"at_least", "at_most", "above", "below"})
MOST_THRESHOLDS = 25
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an admin asks, with their own estimates."""

    field: str  #: whose threshold is moved
    thresholds: tuple[float, ...]  #: 1 to MOST_THRESHOLDS of them
    minutes_per_case: float = 20.0  #: of somebody's time
    hourly_cost: float = 0.0  #: of that time, in the desk's currency; 0 where nobody said
    hours_available: float | None = None  #: a day; None is without limit

    def __post_init__(self) -> None:
        if not 0 < len(self.thresholds) <= MOST_THRESHOLDS:
            raise ValueError(f"name 1 to {MOST_THRESHOLDS} thresholds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What one threshold comes to."""

    threshold: float
    cases: int
    cases_per_day: float
    busiest_day: int  #: cases on the day with the most of them, by UTC
    hours_per_day: float
    cost_per_day: float
    teams: Mapping[str, float] = field(default_factory=dict)  #: cases a day, by team
    fits: bool = True  #: the hours there are a day suffice


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All thresholds that were asked for, in their order."""

    protocol: str
    start: datetime
    end: datetime
    question: Question
    options: tuple[Option, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "start": self.start.isoformat(), "end": self.end.isoformat()}


def adjustable(protocol: RecoveryProtocol) -> tuple[str, ...]:
    """The fields on which the protocol has a threshold, in the order of its conditions."""
    return tuple(dict.fromkeys(one.field for one in protocol.criteria.conditions if _is_threshold(one)))


def with_threshold(protocol: RecoveryProtocol, name: str, value: float) -> RecoveryProtocol:
    """The same protocol with every threshold on that field at `value`. Raises ValueError where it has none."""
    if name not in adjustable(protocol):
        known = ", ".join(adjustable(protocol)) or "none"
        raise ValueError(f'"{protocol.name}" has no threshold on {name!r}; those it has are on {known}')
    low, high = FACTS[name].low, FACTS[name].high
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"a threshold on {name} must be from {low:g}" + (f" to {high:g}" if high is not None else ""))

    def moved(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(
            replace(one, value=value) if one.field == name and _is_threshold(one) else one for one in conditions
        )

    criteria = protocol.criteria
    return replace(protocol, criteria=Criteria(all=moved(criteria.all), any=moved(criteria.any)))


def option(threshold: float, figures: Figures, span: timedelta, question: Question) -> Option:
    """What the replay of one threshold comes to, a day of the span."""
    days = max(span / DAY, 1 / 24)
    hours = figures.cases * question.minutes_per_case / 60 / days
    by_day = Counter[date]()
    by_team = Counter[str]()
    for load in figures.load:
        by_day[load.hour.date()] += load.cases
        by_team[load.team] += load.cases
    return Option(
        threshold=threshold,
        cases=figures.cases,
        cases_per_day=figures.cases / days,
        busiest_day=max(by_day.values(), default=0),
        hours_per_day=hours,
        cost_per_day=hours * question.hourly_cost,
        teams={team: cases / days for team, cases in sorted(by_team.items())},
        fits=question.hours_available is None or hours <= question.hours_available,
    )


def best(options: Sequence[Option]) -> Option | None:
    """The one that opens the most cases of those that fit."""
    return max((one for one in options if one.fits), key=lambda one: one.cases, default=None)


def _is_threshold(condition: Condition) -> bool:
    return FACTS[condition.field].kind is Kind.NUMBER and condition.operator in COMPARISONS
