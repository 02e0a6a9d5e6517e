"""The closed list of names that a condition may look at. How they are compared is in `rules.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from app.protocols.errors import FactsError
from app.words import Cause, Direction, FaultSide, Level, SatState
from connectors.ticket import Priority, TicketStatus

#: Fact name to value. A missing name and None both mean "not known": no condition on it holds.
Facts = Mapping[str, Any]


class Kind(StrEnum):
    NUMBER = "number"
    WORD = "word"
    WORDS = "words"  # a set of words
    FLAG = "flag"


_NOUNS = {Kind.NUMBER: "a number", Kind.WORD: "a word", Kind.WORDS: "a set of words", Kind.FLAG: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One name that conditions may use."""

    name: str
    label: str  #: as a rule form shows it
    kind: Kind
    choices: tuple[str, ...] = ()  #: the only words it can have; empty for free words
    low: float | None = None  #: the smallest possible number
    high: float | None = None
    clock: bool = False  #: grows with time alone, without any event
    whole: bool = False  #: a count, never a fraction


def _number(name: str, label: str, *, low: float = 0, high: float | None = None, clock: bool = False) -> Fact:
    return Fact(name=name, label=label, kind=Kind.NUMBER, low=low, high=high, clock=clock)


def _count(name: str, label: str, *, low: float = 0, high: float | None = None) -> Fact:
    return Fact(name=name, label=label, kind=Kind.NUMBER, low=low, high=high, whole=True)


def _word(name: str, label: str, choices: Iterable[str] = ()) -> Fact:
    return Fact(name=name, label=label, kind=Kind.WORD, choices=tuple(str(choice) for choice in choices))


_ALL = (
    _number("score", "Satisfaction score (0 to 100)", high=100),
    _number("p_satisfied", "Chance that the conversation ends satisfied (0 to 1)", high=1),
    _number("p_satisfied_now", "Chance that the customer is satisfied now (0 to 1)", high=1),
    _number("confidence", "How sure the score is (0 to 1)", high=1),
    _number("sentiment", "Tone of the customer's newest message (-1 to 1)", low=-1, high=1),
    _number("change", "Points since the customer's previous message", low=-100, high=100),
    _word("state", "Satisfaction state", SatState),
    _word("level", "Satisfaction level", Level),
    _word("direction", "Direction of satisfaction", Direction),
    _number("minutes_in_state", "Minutes in the present state", clock=True),
    Fact(name="signals", label="Signals found", kind=Kind.WORDS),
    _number("rating", "Customer's rating (0 worst to 1 best, on every scale)", high=1),
    _count("rating_stars", "Customer's rating in stars (1 to 5, on every scale)", low=1, high=5),
    _word("cause", "Cause of the failure", Cause),
    _word("fault_side", "Whose fault it was", FaultSide),
    _word("vendor", "Vendor behind the order"),
    _number("churn_risk", "Risk that the customer leaves (0 to 1)", high=1, clock=True),
    _number("resolution", "Quality of the resolution so far (0 to 1)", high=1),
    Fact(name="tags", label="Ticket tags", kind=Kind.WORDS),
    _word("channel", "Channel"),
    _word("priority", "Priority", Priority),
    _word("status", "Ticket status", TicketStatus),
    _word("group", "Group, by its name"),
    _word("brand", "Brand"),
    _word("language", "Customer's language"),
    _word("organization", "Customer's organization, by its name"),
    _word("customer_tier", "Customer's tier"),
    _number("customer_value", "Customer's value"),
    Fact(name="assigned", label="Has an assignee", kind=Kind.FLAG),
    _number("waiting_hours", "Hours the customer has waited for an answer", clock=True),
    _number("age_hours", "Hours since the ticket was created", clock=True),
    _count("customer_messages", "Messages by the customer"),
    _count("agent_messages", "Public replies by agents"),
    _count("reopens", "Times the ticket was reopened"),
    Fact(name="has_open_case", label="Has an open recovery case", kind=Kind.FLAG),
    _count("earlier_cases", "Earlier recovery cases on this ticket"),
    _count("earlier_failures", "Bad experiences of this person on other tickets in the last 90 days"),
    Fact(name="repeat_failure", label="A bad experience after another one", kind=Kind.FLAG),
    _number("hold_minutes", "Minutes in a queue or on hold"),
)

FACTS: Mapping[str, Fact] = MappingProxyType({fact.name: fact for fact in _ALL})


def stars(rating: float) -> int:
    """A normalised rating in [0, 1] as one to five stars, halves rounded up.

    On a 10-point scale two points make a star; good and bad are five stars and one.
    """
    return 1 + math.floor(4 * min(max(rating, 0.0), 1.0) + 0.5)


def check_facts(facts: Facts) -> Facts:
    """The facts themselves, once every name is known and every value is of its kind.

    Raises FactsError that names each slip; never quotes a value, since tags may be anything.
    """
    slips = [slip for name, value in facts.items() if (slip := _slip(name, value))]
    if slips:
        raise FactsError("; ".join(slips))
    return facts


def is_number(value: Any) -> bool:
    """A finite number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _slip(name: str, value: Any) -> str | None:
    fact = FACTS.get(name)
    if fact is None:
        return f"{name} is not a fact"
    if value is None or _fits(fact, value):
        return None
    return f"{name} must be {_NOUNS[fact.kind]}" + (f" of {', '.join(fact.choices)}" if fact.choices else "")


def _fits(fact: Fact, value: Any) -> bool:
    if fact.kind is Kind.NUMBER:
        return is_number(value)
    if fact.kind is Kind.FLAG:
        return isinstance(value, bool)
    if fact.kind is Kind.WORDS:
        return isinstance(value, frozenset | set) and all(isinstance(word, str) for word in value)
    return isinstance(value, str) and (not fact.choices or value in fact.choices)
