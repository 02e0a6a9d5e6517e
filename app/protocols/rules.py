"""Conditions on facts: a closed list of operators, no expression language, no regular expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.protocols.facts import Facts, Kind
from app.protocols.protocol import Condition, Criteria
from app.words import ConditionResult

#: Conditions in one protocol, both groups together.
MAX_CONDITIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One comparison. `many` takes a list of words as its value."""

    name: str
    label: str  #: as a rule form shows it
    kinds: frozenset[Kind]
    many: bool
    holds: Callable[[Any, Any], bool]  #: actual, expected


def _operator(name: str, label: str, kinds: Iterable[Kind], holds: Callable[[Any, Any], bool]) -> Operator:
    many = name in {"one_of", "none_of", "includes_any", "includes_all", "excludes_all"}
    return Operator(name=name, label=label, kinds=frozenset(kinds), many=many, holds=holds)


_SINGLE = (Kind.NUMBER, Kind.WORD, Kind.FLAG)
_ALL = (
    _operator("is", "is", _SINGLE, lambda actual, expected: bool(actual == expected)),
    _operator("is_not", "is not", _SINGLE, lambda actual, expected: bool(actual != expected)),
    _operator("at_least", "is at least", [Kind.NUMBER], lambda actual, expected: bool(actual >= expected)),
    _operator("at_most", "is at most", [Kind.NUMBER], lambda actual, expected: bool(actual <= expected)),
    _operator("above", "is above", [Kind.NUMBER], lambda actual, expected: bool(actual > expected)),
    _operator("below", "is below", [Kind.NUMBER], lambda actual, expected: bool(actual < expected)),
    _operator("one_of", "is one of", [Kind.WORD], lambda actual, expected: actual in expected),
    _operator("none_of", "is none of", [Kind.WORD], lambda actual, expected: actual not in expected),
    _operator("includes", "includes", [Kind.WORDS], lambda actual, expected: expected in actual),
    _operator("excludes", "does not include", [Kind.WORDS], lambda actual, expected: expected not in actual),
    _operator(
        "includes_any", "includes any of", [Kind.WORDS], lambda actual, expected: not actual.isdisjoint(expected)
    ),
    _operator("includes_all", "includes all of", [Kind.WORDS], lambda actual, expected: actual.issuperset(expected)),
    _operator("excludes_all", "includes none of", [Kind.WORDS], lambda actual, expected: actual.isdisjoint(expected)),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({operator.name: operator for operator in _ALL})
_HOLDS = {operator.name: operator.holds for operator in _ALL}


def operators_for(kind: Kind) -> tuple[str, ...]:
    """The operators that a field of this kind takes, in the order a form shows them."""
    return tuple(operator.name for operator in _ALL if kind in operator.kinds)


def comparison(condition: Condition) -> Callable[[Any, Any], bool]:
    """The test of a condition's operator: known actual value and expected value in, whether it holds out."""
    return _HOLDS[condition.operator]


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether one condition holds; a fact that is not known makes every operator fail, `is_not` too."""
    actual = facts.get(condition.field)
    return actual is not None and _HOLDS[condition.operator](actual, condition.value)


def matches(criteria: Criteria, facts: Facts) -> bool:
    """Whether the criteria hold. Stops at the first condition that settles it; criteria without conditions never do."""
    for condition in criteria.all:
        if not holds(condition, facts):
            return False
    if not criteria.any:
        return bool(criteria.all)
    return any(holds(condition, facts) for condition in criteria.any)


def explain(criteria: Criteria, facts: Facts) -> tuple[ConditionResult, ...]:
    """Every condition with what it wanted and what it found, those of `all` first; `actual` None is 'not known'."""
    return tuple(
        ConditionResult(
            condition.field,
            condition.operator,
            condition.value,
            plain(facts.get(condition.field)),
            holds(condition, facts),
        )
        for condition in criteria.conditions
    )


def met(criteria: Criteria, results: tuple[ConditionResult, ...]) -> bool:
    """What `matches` says, from the results that `explain` gave."""
    split = len(criteria.all)
    wanted, either = results[:split], results[split:]
    return (
        bool(results)
        and all(result.passed for result in wanted)
        and (not either or any(result.passed for result in either))
    )


def sentence(result: ConditionResult) -> str:
    """One condition in words, with what was found: "score is at most 40 (it is 72)"."""
    return wanted(result.field, result.operator, result.expected) + found(result.actual)


def wanted(name: str, operator: str, expected: Any) -> str:
    """What a condition asks for, in words: "score is at most 40"."""
    return f"{name} {OPERATORS[operator].label} {_words(expected)}"


def found(actual: Any) -> str:
    """The end of a condition's sentence: " (it is 72)"."""
    return f" (it is {_words(actual)})" if actual is not None else " (it is not known)"


def plain(value: Any) -> Any:
    """A fact as a value that JSON can carry: a set becomes a sorted tuple."""
    return tuple(sorted(value)) if isinstance(value, frozenset | set) else value


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    return str(value)


def named(criteria: Iterable[Criteria]) -> frozenset[str]:
    """The facts that these criteria look at."""
    return frozenset(condition.field for one in criteria for condition in one.conditions)
