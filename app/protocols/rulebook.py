"""The criteria in force, made ready once and then asked about ticket after ticket.

Conditions that several protocols share are looked at once, and what a fact's value says to all conditions on it is
kept for the next ticket that has the same. What conditions mean is in `rules.py`, what follows is in `decide.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from app.protocols import rules
from app.protocols.facts import FACTS, Facts, Kind
from app.protocols.protocol import Condition, Criteria
from app.words import ConditionResult

#: Values of one fact whose results are kept, and rulebooks that are.
KEPT_VALUES, KEPT_BOOKS = 500, 64

#: Facts whose values come again and name nobody; the results of all others are made anew each time.
_LASTING = {
    fact.name for fact in FACTS.values() if fact.choices or (fact.kind in (Kind.NUMBER, Kind.FLAG) and not fact.clock)
}

T = TypeVar("T")


class Found(NamedTuple):
    """What conditions found, in the rulebook's own order."""

    results: Sequence[ConditionResult]
    lacking: Sequence[str]  #: each result in words where it has not passed, else empty


class Page:
    """One protocol's criteria within a rulebook."""

    def __init__(self, criteria: Criteria, numbers: Mapping[Condition, int], names: int) -> None:
        self._pick = _picker([numbers[condition] for condition in criteria.conditions])
        self._pick_all = _picker([numbers[condition] for condition in criteria.all])
        self._split = len(criteria.all)
        self._choice, self._empty = bool(criteria.any), not criteria.conditions
        self.names = names  #: which of the rulebook's `names` its facts are

    def results(self, found: Found) -> tuple[ConditionResult, ...]:
        """What each of its conditions found, those of `all` first."""
        return self._pick(found.results)

    def why_not(self, found: Found) -> str:
        """What the criteria lack, as a sentence, empty where they hold; without conditions they never do."""
        if lacking := "; ".join(filter(None, self._pick_all(found.lacking))):
            return f"Not eligible: it wants {lacking}."
        if self._choice and all(choices := self._pick(found.lacking)[self._split :]):
            return f"Not eligible: it wants any of {'; '.join(choices)}."
        return "Not eligible: the protocol has no conditions." if self._empty else ""


def _picker(numbers: Sequence[int]) -> Callable[[Sequence[T]], tuple[T, ...]]:
    """What takes the things of these numbers out of a sequence; from two on in a single step, which is much faster."""
    if len(numbers) > 1:
        return itemgetter(*numbers)
    return lambda things: tuple(things[number] for number in numbers)


class _Entry:
    """All conditions on one fact."""

    def __init__(self, name: str, conditions: Sequence[Condition]) -> None:
        self.name = name
        self._tests = [
            (one, rules.comparison(one), rules.wanted(one.field, one.operator, one.value)) for one in conditions
        ]
        self._kept: dict[Any, Found] = {}

    def look(self, actual: Any) -> Found:
        if self.name not in _LASTING:
            return self._look(actual)
        found = self._kept.get(actual)
        if found is None:
            if len(self._kept) >= KEPT_VALUES:
                self._kept.clear()
            found = self._kept[actual] = self._look(actual)
        return found

    def _look(self, actual: Any) -> Found:
        shown = rules.plain(actual)
        end = rules.found(shown)
        results, lacking = [], []
        for one, holds, wanted in self._tests:
            passed = actual is not None and holds(actual, one.value)
            results.append(ConditionResult(one.field, one.operator, one.value, shown, passed))
            lacking.append("" if passed else wanted + end)
        return Found(results, lacking)


class Rulebook:
    """Several protocols' criteria, to be asked together. `pages` are in the order of the criteria."""

    def __init__(self, criteria: Sequence[Criteria]) -> None:
        by_fact: dict[str, list[Condition]] = {}
        for condition in dict.fromkeys(condition for one in criteria for condition in one.conditions):
            by_fact.setdefault(condition.field, []).append(condition)
        numbers = {condition: n for n, condition in enumerate(c for own in by_fact.values() for c in own)}
        self._entries = [_Entry(name, own) for name, own in by_fact.items()]
        looked_at = [_names(one) for one in criteria]
        self.names = tuple(dict.fromkeys(looked_at))  #: the facts that go with decisions; many protocols share them
        self.pages = tuple(
            Page(one, numbers, self.names.index(names)) for one, names in zip(criteria, looked_at, strict=True)
        )
        distinct = sorted(set(criteria), key=repr)
        self._mark = hashlib.sha256(repr(distinct).encode()).hexdigest()
        self._clocked = [(repr(one), one) for one in numbers if FACTS[one.field].clock]
        self._steady = [name for name in by_fact if not FACTS[name].clock]

    def look(self, facts: Facts) -> Found:
        """What every condition says about these facts."""
        results: list[ConditionResult] = []
        lacking: list[str] = []
        for entry in self._entries:
            found = entry.look(facts.get(entry.name))
            results += found.results
            lacking += found.lacking
        return Found(results, lacking)

    def digest(self, facts: Facts) -> str:
        """A mark that changes when the state, the cause, or a fact that the criteria name has changed; 64 hex digits.

        Facts that grow with time alone count by the conditions on them: a minute more changes nothing until one of
        those turns. Other criteria give another mark. So equal marks mean that the same protocols match as before.
        """
        seen: dict[str, Any] = {name: rules.plain(facts.get(name)) for name in ("state", "cause", *self._steady)}
        seen |= {words: rules.holds(condition, facts) for words, condition in self._clocked}
        return hashlib.sha256(json.dumps([self._mark, seen], sort_keys=True).encode()).hexdigest()


def _names(criteria: Criteria) -> tuple[str, ...]:
    return tuple(sorted({"state", *(condition.field for condition in criteria.conditions)}))


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
