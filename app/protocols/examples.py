"""Example tickets of protocols: what is known of each, and which protocol ought to open a case on it. Pure.

They are a list in YAML, with the names of facts that conditions use. The packs' own lie beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.protocols.decide import Published, Standing, decide
from app.protocols.errors import DocumentError, FactsError, FieldError
from app.protocols.facts import FACTS, Facts, Kind, check_facts
from app.protocols.protocol import RecoveryProtocol
from app.protocols.yaml_text import join, read_yaml
from app.words import Decision, Outcome

MAX_EXAMPLES = 500
MAX_ABOUT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A ticket of which enough is known to decide on it."""

    about: str  #: what happened, in a sentence
    facts: Facts
    opens: str | None  #: the name of the protocol that ought to open a case; None where none ought to


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the protocols said about an example."""

    example: Example
    opened: str | None
    decisions: tuple[Decision, ...]

    @property
    def ok(self) -> bool:
        return self.opened == self.example.opens

    @property
    def why(self) -> tuple[str, ...]:
        """The reasons of the protocols that it is about: the one that opened, and the one that ought to have."""
        concerned = {self.opened, self.example.opens}
        return tuple(f"{one.protocol}: {one.reason}" for one in self.decisions if one.protocol in concerned)


def read_examples(text: str) -> tuple[Example, ...]:
    """The examples of a YAML text. Raises DocumentError with everything that is wrong, each with its path."""
    given = read_yaml(text)
    if not isinstance(given, list) or not 0 < len(given) <= MAX_EXAMPLES:
        raise DocumentError((FieldError(path="", message=f"must be a list of 1 to {MAX_EXAMPLES} examples"),))
    errors: list[FieldError] = []
    examples = [_example(one, join("", index), errors) for index, one in enumerate(given)]
    if errors:
        raise DocumentError(tuple(errors))
    return tuple(one for one in examples if one is not None)


def try_examples(
    protocols: Sequence[RecoveryProtocol], examples: Sequence[Example], now: datetime
) -> tuple[Tried, ...]:
    """Put each example to the protocols, in their order, as a ticket that never had a case."""
    published = [Published(version_id=n, order=n, protocol=one) for n, one in enumerate(protocols, start=1)]
    return tuple(_tried(one, decide(published, one.facts, Standing(), now)) for one in examples)


def _tried(example: Example, decisions: tuple[Decision, ...]) -> Tried:
    opened = next((one.protocol for one in decisions if one.outcome is Outcome.OPEN), None)
    return Tried(example=example, opened=opened, decisions=decisions)


def _example(given: Any, path: str, errors: list[FieldError]) -> Example | None:
    """One example, or None once what is wrong with it is among the errors."""
    before = len(errors)
    if not isinstance(given, Mapping):
        errors.append(FieldError(path=path, message="must be a mapping with about, facts and opens"))
        return None
    for key in sorted({"about", "facts", "opens"} ^ set(given), key=str):
        message = "is not a known field" if key in given else "is missing"
        errors.append(FieldError(path=join(path, str(key)[:MAX_ABOUT]), message=message))
    about, opens = given.get("about"), given.get("opens")
    if "about" in given and not (isinstance(about, str) and 0 < len(about) <= MAX_ABOUT):
        errors.append(FieldError(path=join(path, "about"), message=f"must be text of 1 to {MAX_ABOUT} characters"))
    if not (opens is None or isinstance(opens, str)):
        errors.append(FieldError(path=join(path, "opens"), message="must be a protocol's name, or null for none"))
    facts = _facts(given.get("facts", {}), join(path, "facts"), errors)
    return Example(about=str(about), facts=facts, opens=opens) if len(errors) == before else None


def _facts(given: Any, path: str, errors: list[FieldError]) -> Facts:
    if not isinstance(given, Mapping):
        errors.append(FieldError(path=path, message="must be a mapping of facts to values"))
        return {}
    facts = {name: _value(name, value) for name, value in given.items()}
    try:
        return check_facts(facts)
    except FactsError as error:
        errors.extend(FieldError(path=path, message=slip) for slip in str(error).split("; "))
        return {}


def _value(name: Any, value: Any) -> Any:
    """A list stands for a set of words."""
    fact = FACTS.get(name)
    listed = fact is not None and fact.kind is Kind.WORDS and isinstance(value, list)
    return frozenset(map(str, value)) if listed else value
