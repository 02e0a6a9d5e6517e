"""Which protocol is the one for a ticket's cause, as people look it up, with its steps, words and amounts. Whether it
acts is for `decide.py` to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from app.protocols.actions.registry import kind_of
from app.protocols.decide import Published
from app.protocols.protocol import ANY_CAUSE, Action, RecoveryProtocol
from app.words import Cause

#: An amount as people write it: "20 €", "EUR 15", "$9.50", "10 %", "2 months free".
_NUMBER = r"\d{1,3}(?:[.,  ]\d{3})*(?:[.,]\d{1,2})?(?!\d)"
_MONEY = r"(?:[€$£]|EUR|USD|GBP|CHF|euros?|dollars?|pounds?|francs?)"
AMOUNT = re.compile(
    rf"(?<![\w.,])(?:{_MONEY} ?{_NUMBER}|{_NUMBER} ?(?:%|per ?cent\b|{_MONEY}(?!\w))"
    r"|\d{1,2} (?:free )?(?:month|week|day)s? (?:free|of (?:service|credit))\b)",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """One step of a protocol as an instruction."""

    key: str  #: its name within the version
    do: str
    line: str
    words: str  #: the whole text that comes with it, with its placeholders; empty where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A protocol as an agent follows it."""

    name: str
    in_charge: bool  #: of this cause, or of all that have no other; False where it looks at any cause
    steps: tuple[GuideStep, ...]
    amounts: tuple[str, ...]  #: sums and shares that its texts name, in their order, each once


def fitting(in_force: Sequence[Published], cause: str) -> tuple[RecoveryProtocol, ...]:
    """The protocol in charge of the cause, else the default one; then those that look at any cause, in their order."""
    asked = [one.protocol for one in sorted(in_force, key=lambda one: (one.order, one.version_id))]
    in_charge = [one for one in asked if one.cause == cause] or [one for one in asked if one.cause == Cause.UNKNOWN]
    return (*in_charge, *(one for one in asked if one.cause == ANY_CAUSE))


def steps_of(protocol: RecoveryProtocol) -> tuple[str, ...]:
    """Its steps as instructions, in order."""
    return tuple(kind_of(action).describe(action.params) for action in protocol.actions)


def guides(in_force: Sequence[Published], cause: str) -> tuple[Guide, ...]:
    """The protocols for a cause as people follow them, the one in charge first."""
    return tuple(_guide(one) for one in fitting(in_force, cause))


def _guide(protocol: RecoveryProtocol) -> Guide:
    steps = tuple(_step(key, action) for key, action in protocol.steps)
    texts = [text for _, action in protocol.steps for text in _texts(action)]
    amounts = dict.fromkeys(" ".join(match[0].split()) for text in texts for match in AMOUNT.finditer(text))
    return Guide(name=protocol.name, in_charge=protocol.cause != ANY_CAUSE, steps=steps, amounts=tuple(amounts))


def _step(key: str, action: Action) -> GuideStep:
    words = str(getattr(action.params, "text", "") or "")
    return GuideStep(key=key, do=action.do, line=kind_of(action).describe(action.params), words=words)


def _texts(action: Action) -> list[str]:
    values = [getattr(action.params, field.name) for field in fields(action.params)]
    return [value for value in values if isinstance(value, str)]
