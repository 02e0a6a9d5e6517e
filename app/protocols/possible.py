"""Whether conditions can hold at all: tried on the few values that tell them apart, instead of reasoned about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from app.protocols.facts import FACTS, Fact, Kind
from app.protocols.protocol import Condition, Criteria
from app.protocols.rules import holds


def clash(conditions: Sequence[Condition]) -> str | None:
    """The first fact on which the conditions can never all hold, or None."""
    for name in dict.fromkeys(condition.field for condition in conditions):
        own = [condition for condition in conditions if condition.field == name]
        telling = _telling(FACTS[name], own)
        if not any(all(holds(one, {name: value}) for one in own) for value in telling):
            return name
    return None


def impossible(criteria: Criteria) -> str | None:
    """The fact that keeps the criteria from ever holding, or None when nothing does."""
    fact = clash(criteria.all)
    if fact or not criteria.any:
        return fact
    clashes = [clash((*criteria.all, condition)) for condition in criteria.any]
    return clashes[0] if all(clashes) else None


def always(condition: Condition) -> bool:
    """Whether the condition holds whatever the fact is, so long as it is known."""
    telling = _telling(FACTS[condition.field], [condition])
    return all(holds(condition, {condition.field: value}) for value in telling)


def _telling(fact: Fact, conditions: Sequence[Condition]) -> Iterable[Any]:
    """Possible values of the fact such that any other one is treated like one of them by these conditions."""
    if fact.kind is Kind.NUMBER:
        return _numbers(fact, conditions)
    if fact.kind is Kind.FLAG:
        return (True, False)
    mentioned = _mentioned(conditions)
    if fact.kind is Kind.WORDS:
        unwanted = _mentioned(c for c in conditions if c.operator in ("excludes", "excludes_all"))
        return (frozenset(), mentioned, mentioned - unwanted)
    return fact.choices or (*sorted(mentioned), "".join(mentioned) + "?")


def _numbers(fact: Fact, conditions: Sequence[Condition]) -> Iterable[float]:
    """The borders that the conditions draw, and a point between each two."""
    low = 0.0 if fact.low is None else fact.low
    named = [float(condition.value) for condition in conditions if isinstance(condition.value, int | float)]
    high = max([low, *named]) + 1 if fact.high is None else fact.high
    borders = sorted({low, high, *(value for value in named if low <= value <= high)})
    return [*borders, *((left + right) / 2 for left, right in pairwise(borders))]


def _mentioned(conditions: Iterable[Condition]) -> frozenset[str]:
    words: set[str] = set()
    for condition in conditions:
        words.update(condition.value if isinstance(condition.value, tuple) else [str(condition.value)])
    return frozenset(words)
