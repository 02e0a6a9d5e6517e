"""Whether conditions can hold at all, and which follow from others: tried on the values that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any

from app.protocols.facts import FACTS, Fact, Kind, stars
from app.protocols.protocol import Condition, Criteria
from app.protocols.rules import holds
from app.words import Direction, SatState

#: Facts that say the same thing in other words, so that a value of one limits the others.
_LINKED = (("state", "level", "direction"), ("rating", "rating_stars"))
_GROUP_OF = {name: group for group in _LINKED for name in group}

#: Up to so many words of one set, every part of it is tried; beyond, nothing is said to follow from anything.
MAX_SUBSETS_OF = 8


def clash(conditions: Iterable[Condition]) -> str | None:
    """The fact on which the conditions can never all hold ("state and level" where it takes both), or None."""
    for group, own in _by_group(conditions).items():
        if not _can_hold(group, frozenset(own)):
            return " and ".join(dict.fromkeys(condition.field for condition in own))
    return None


@lru_cache(maxsize=10_000)
def _can_hold(group: tuple[str, ...], conditions: frozenset[Condition]) -> bool:
    """Whether some values of the group's facts meet all conditions on them; asked again and again beside others."""
    own = tuple(conditions)
    return any(all(holds(one, world) for one in own) for world in _worlds(group, own, largest=True))


def impossible(criteria: Criteria) -> str | None:
    """The fact that keeps the criteria from ever holding, or None when nothing does."""
    clashes = [clash(branch) for branch in _branches(criteria)]
    return clashes[0] if all(clashes) else None


def always(condition: Condition) -> bool:
    """Whether the condition holds whatever the fact is, so long as it is known."""
    group = _group(condition)
    return all(holds(condition, world) for world in _worlds(group, [condition]))


def compatible(first: Criteria, second: Criteria) -> bool:
    """Whether both can hold at the same moment on one ticket."""
    return any(clash((*one, *other)) is None for one in _branches(first) for other in _branches(second))


def implies(first: Criteria, second: Criteria) -> bool:
    """Whether the second hold whenever the first do. Never says so wrongly; may miss it on very long lists of words."""
    return all(_covered(branch, second) for branch in _branches(first))


def _branches(criteria: Criteria) -> list[tuple[Condition, ...]]:
    """The ways to meet the criteria, each as conditions that all hold."""
    return [(*criteria.all, condition) for condition in criteria.any] or [criteria.all]


def _covered(branch: Sequence[Condition], criteria: Criteria) -> bool:
    if clash(branch):
        return True
    if not all(_forces(branch, [condition]) for condition in criteria.all):
        return False
    return not criteria.any or any(_forces(branch, either) for either in _by_group(criteria.any).values())


def _forces(branch: Sequence[Condition], either: Sequence[Condition]) -> bool:
    """Whether one of `either`, all on the same facts, holds wherever the branch does.

    Facts that the branch does not look at may be unknown, so nothing on them is forced.
    """
    group = _group(either[0])
    own = frozenset(condition for condition in branch if _group(condition) == group)
    if not own or (_has_words(group) and len(_mentioned([*own, *either])) > MAX_SUBSETS_OF):
        return False
    return _follows(group, own, tuple(either))


@lru_cache(maxsize=10_000)
def _follows(group: tuple[str, ...], own: frozenset[Condition], either: tuple[Condition, ...]) -> bool:
    meeting = (world for world in _worlds(group, [*own, *either]) if all(holds(one, world) for one in own))
    return all(any(holds(one, world) for one in either) for world in meeting)


def _group(condition: Condition) -> tuple[str, ...]:
    return _GROUP_OF.get(condition.field, (condition.field,))


def _by_group(conditions: Iterable[Condition]) -> dict[tuple[str, ...], list[Condition]]:
    found: dict[tuple[str, ...], list[Condition]] = {}
    for condition in conditions:
        found.setdefault(_group(condition), []).append(condition)
    return found


def _worlds(
    group: tuple[str, ...], conditions: Sequence[Condition], *, largest: bool = False
) -> Iterator[Mapping[str, Any]]:
    """Values of the group's facts such that any other ones are treated like one of them by these conditions.

    With `largest`, of sets of words only the one that meets all conditions if any does.
    """
    if "state" in group:
        yield from _states()
    elif "rating_stars" in group:
        yield from _ratings([condition for condition in conditions if condition.field == "rating"])
    else:
        telling = _largest(conditions) if largest and _has_words(group) else _telling(FACTS[group[0]], conditions)
        yield from ({group[0]: value} for value in telling)


def _has_words(group: tuple[str, ...]) -> bool:
    return FACTS[group[0]].kind is Kind.WORDS


def _largest(conditions: Sequence[Condition]) -> Iterable[frozenset[str]]:
    """All words that are not unwanted: more of them never harms a condition that wants some."""
    unwanted = _mentioned(c for c in conditions if c.operator in ("excludes", "excludes_all"))
    return (_mentioned(conditions) - unwanted,)


def _states() -> Iterator[Mapping[str, Any]]:
    """Every state with its level, and with the directions that go with it; a steady one keeps either state."""
    for state in SatState:
        level, _, leaning = state.partition("_")
        for direction in (leaning, Direction.STEADY, Direction.NONE):
            yield {"state": str(state), "level": level, "direction": str(direction)}


def _ratings(on_rating: Sequence[Condition]) -> Iterator[Mapping[str, Any]]:
    stars_begin = (0.0, 0.125, 0.375, 0.625, 0.875, 1.0)
    borders = sorted({*stars_begin, *(float(one.value) for one in on_rating if isinstance(one.value, int | float))})
    for rating in _with_middles([border for border in borders if 0 <= border <= 1]):
        yield {"rating": rating, "rating_stars": stars(rating)}


def _telling(fact: Fact, conditions: Sequence[Condition]) -> Iterable[Any]:
    if fact.kind is Kind.NUMBER:
        return _numbers(fact, conditions)
    if fact.kind is Kind.FLAG:
        return (True, False)
    mentioned = _mentioned(conditions)
    if fact.kind is Kind.WORDS:
        sizes = range(min(len(mentioned), MAX_SUBSETS_OF) + 1)
        return [frozenset(some) for size in sizes for some in combinations(sorted(mentioned), size)]
    return fact.choices or (*sorted(mentioned), "".join(mentioned) + "?")


def _numbers(fact: Fact, conditions: Sequence[Condition]) -> Iterable[float]:
    """The borders that the conditions draw, and a point between each two; of whole numbers, those around them."""
    low = 0.0 if fact.low is None else fact.low
    named = [float(condition.value) for condition in conditions if isinstance(condition.value, int | float)]
    high = max([low, *named]) + 1 if fact.high is None else fact.high
    if fact.whole:
        near = {math.floor(value) + step for value in (low, high, *named) for step in (-1, 0, 1, 2)}
        return sorted(value for value in near if low <= value <= high)
    return _with_middles(sorted({low, high, *(value for value in named if low <= value <= high)}))


def _with_middles(borders: Sequence[float]) -> list[float]:
    return [*borders, *((left + right) / 2 for left, right in pairwise(borders))]


def _mentioned(conditions: Iterable[Condition]) -> frozenset[str]:
    words: set[str] = set()
    for condition in conditions:
        words.update(condition.value if isinstance(condition.value, tuple) else [str(condition.value)])
    return frozenset(words)
