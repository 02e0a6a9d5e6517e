"""What the checks say, and how they walk a protocol. No check lives here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.protocols.actions.registry import ACTIONS
from app.protocols.fields import Template
from app.protocols.protocol import Action, Condition, RecoveryProtocol


class Severity(StrEnum):
    ERROR = "error"  # must not be published
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to say about a protocol. `str()` gives the line people read."""

    severity: Severity
    protocol: str  #: the protocol's name; empty when it concerns all of them together
    path: str  #: as in the document, "actions[2].group"
    message: str
    value: str | None = None  #: what the document has there, as quoted to people, shortened; None where nothing is

    @property
    def line(self) -> str:
        """ "path: message (got value)", as reading a document says it."""
        quoted = "" if self.value is None else f" (got {self.value})"
        return f"{self.path or 'document'}: {self.message}{quoted}"

    def __str__(self) -> str:
        whose = f"{self.protocol}: " if self.protocol else ""
        place = self.line if self.path else self.message
        return f"{self.severity}: {whose}{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a check found in one protocol, before it is known whose it is."""

    severity: Severity
    path: str
    message: str


def error(path: str, message: str) -> Said:
    """Something that must not be published."""
    return Said(severity=Severity.ERROR, path=path, message=message)


def warning(path: str, message: str) -> Said:
    """Something that is most likely not meant."""
    return Said(severity=Severity.WARNING, path=path, message=message)


def actions_of(protocol: RecoveryProtocol, *names: str) -> Iterator[tuple[str, Action]]:
    """The protocol's actions with their paths; of these names only, where any are given."""
    for index, action in enumerate(protocol.actions):
        if not names or action.do in names:
            yield f"actions[{index}]", action


def conditions_of(protocol: RecoveryProtocol) -> Iterator[tuple[str, Condition]]:
    """Every condition of the protocol with its path: the criteria, then those that stop it."""
    for group in ("all", "any"):
        for index, condition in enumerate(getattr(protocol.criteria, group)):
            yield f"criteria.{group}[{index}]", condition
    for index, condition in enumerate(protocol.guardrails.stop_when):
        yield f"guardrails.stop_when[{index}]", condition


def texts_of(protocol: RecoveryProtocol, *names: str) -> Iterator[tuple[str, Action, str]]:
    """Every text with placeholders: its path, its action, and what it says."""
    for path, action in actions_of(protocol, *names):
        for part, field in ACTIONS[action.do].schema().fields.items():
            said = getattr(action.params, part, None)
            if isinstance(field, Template) and said:
                yield f"{path}.{part}", action, said
