"""The criteria in force, made ready once and then asked about ticket after ticket.

Conditions that several protocols share are looked at once, and what a fact's value says to all conditions on it is
kept for the next ticket that has the same. What conditions mean is in `rules.py`, what follows is in `decide.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from app.protocols.facts import FACTS, Facts, Kind
from app.protocols.protocol import Condition, Criteria
from app.protocols.rules import comparison, plain
from app.words import ConditionResult

#: Values of one fact whose results are kept, and rulebooks that are.
KEPT_VALUES, KEPT_BOOKS = 500, 64

#: Facts that say nothing twice, or cannot be looked up: their results are made anew each time.
_FLEETING = {fact.name for fact in FACTS.values() if fact.clock or fact.kind is Kind.WORDS}


class Found(NamedTuple):
    """What conditions found, in the rulebook's own order."""

    results: tuple[ConditionResult, ...]
    holding: int  #: bit n is set where result n has passed


class Page:
    """One protocol's criteria within a rulebook."""

    __slots__ = ("_either", "_every", "_numbers", "names")

    def __init__(self, criteria: Criteria, numbers: dict[Condition, int]) -> None:
        self._numbers = tuple(numbers[condition] for condition in criteria.conditions)
        self._every = _bits(numbers[condition] for condition in criteria.all)
        self._either = _bits(numbers[condition] for condition in criteria.any)
        #: The facts that go with a decision, sorted.
        self.names = tuple(sorted({"state", *(condition.field for condition in criteria.conditions)}))

    def met(self, found: Found) -> bool:
        """Whether the criteria hold; those without conditions never do."""
        if found.holding & self._every != self._every or not self._numbers:
            return False
        return not self._either or bool(found.holding & self._either)

    def results(self, found: Found) -> tuple[ConditionResult, ...]:
        """What each of its conditions found, those of `all` first."""
        return tuple(map(found.results.__getitem__, self._numbers))


class _Entry:
    """All conditions on one fact."""

    __slots__ = ("_kept", "_tests", "name")

    def __init__(self, name: str, conditions: Sequence[Condition], first: int) -> None:
        self.name = name
        self._tests: list[tuple[Condition, Callable[[Any, Any], bool], int]] = [
            (condition, comparison(condition), 1 << number) for number, condition in enumerate(conditions, start=first)
        ]
        self._kept: dict[Any, Found] = {}

    def look(self, actual: Any) -> Found:
        if self.name in _FLEETING:
            return self._look(actual)
        found = self._kept.get(actual)
        if found is None:
            if len(self._kept) >= KEPT_VALUES:
                self._kept.clear()
            found = self._kept[actual] = self._look(actual)
        return found

    def _look(self, actual: Any) -> Found:
        shown, holding = plain(actual), 0
        results = []
        for condition, holds, bit in self._tests:
            passed = actual is not None and holds(actual, condition.value)
            results.append(ConditionResult(condition.field, condition.operator, condition.value, shown, passed))
            holding |= bit * passed
        return Found(tuple(results), holding)


class Rulebook:
    """Several protocols' criteria, to be asked together. `pages` are in the order of the criteria."""

    def __init__(self, criteria: Sequence[Criteria]) -> None:
        by_fact: dict[str, list[Condition]] = {}
        for condition in dict.fromkeys(condition for one in criteria for condition in one.conditions):
            by_fact.setdefault(condition.field, []).append(condition)
        numbers = {condition: n for n, condition in enumerate(c for own in by_fact.values() for c in own)}
        self._entries = [_Entry(name, own, numbers[own[0]]) for name, own in by_fact.items()]
        self.pages = tuple(Page(one, numbers) for one in criteria)

    def look(self, facts: Facts) -> Found:
        """What every condition says about these facts."""
        results: list[ConditionResult] = []
        holding = 0
        for entry in self._entries:
            found = entry.look(facts.get(entry.name))
            results += found.results
            holding |= found.holding
        return Found(tuple(results), holding)


#: By the criteria's identities, which stay theirs as long as they are held here.
_books: dict[tuple[int, ...], tuple[Sequence[Criteria], Rulebook]] = {}


def rulebook(criteria: Sequence[Criteria]) -> Rulebook:
    """The rulebook of these criteria, made once for the very same objects: documents are read once per process."""
    key = tuple(map(id, criteria))
    kept = _books.get(key)
    if kept is None:
        if len(_books) >= KEPT_BOOKS:
            _books.clear()
        kept = _books[key] = (tuple(criteria), Rulebook(criteria))
    return kept[1]


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))
