"""What is wrong with protocols that read well: alone, beside each other, and at the desk they are meant for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from app.protocols import possible, rules
from app.protocols.actions.alert import LEAD
from app.protocols.protocol import ANY_CAUSE, Action, Condition, RecoveryProtocol
from app.protocols.tags import TagDictionary
from app.protocols.template import ALWAYS_KNOWN, placeholders
from app.words import Cause


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

    def __str__(self) -> str:
        whose = f"{self.protocol}: " if self.protocol else ""
        place = f"{self.path}: " if self.path else ""
        return f"{self.severity}: {whose}{place}{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNames:
    """What the desk has, names and ids alike; None where it could not be asked."""

    groups: frozenset[str] | None = None
    macros: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    webhooks: frozenset[str] | None = None  #: names that alerts may use instead of an address
    has_lead: bool = True


def lint(
    protocols: Sequence[RecoveryProtocol], desk: DeskNames | None = None, dictionary: TagDictionary | None = None
) -> list[Finding]:
    """Everything about protocols that are to be in force together. `desk` None is 'not checked live', and said so."""
    findings = [finding for one in protocols for finding in lint_one(one, desk, dictionary)]
    findings += lint_together(protocols)
    if desk is None:
        message = "groups, macros and tags were not checked live, since no desk was asked"
        findings.append(Finding(severity=Severity.NOTE, protocol="", path="", message=message))
    return findings


def lint_one(
    protocol: RecoveryProtocol, desk: DeskNames | None = None, dictionary: TagDictionary | None = None
) -> list[Finding]:
    """What concerns one protocol by itself."""
    checks = [
        _tags(protocol, dictionary or TagDictionary()),
        _criteria(protocol),
        _texts(protocol),
        _at_desk(protocol, desk) if desk else (),
    ]
    return [
        Finding(severity=severity, protocol=protocol.name, path=path, message=message)
        for check in checks
        for severity, path, message in check
    ]


def lint_together(protocols: Sequence[RecoveryProtocol]) -> list[Finding]:
    """What concerns the protocols in force beside each other: causes, names, and criteria that are the same."""
    findings = list(_causes(protocols))
    for first, second in combinations(protocols, 2):
        if first.name == second.name:
            findings.append(_finding(second, "name", "is the name of another protocol"))
        elif _same_criteria(first, second):
            findings.append(_finding(second, "criteria", f'are the same as those of "{first.name}", which comes first'))
    return findings


Said = tuple[Severity, str, str]  # severity, path, message


def _finding(protocol: RecoveryProtocol, path: str, message: str) -> Finding:
    return Finding(severity=Severity.ERROR, protocol=protocol.name, path=path, message=message)


def _causes(protocols: Sequence[RecoveryProtocol]) -> Iterator[Finding]:
    """Every cause has exactly one protocol in charge: its own, or the default one."""
    owners: dict[str, list[RecoveryProtocol]] = {str(cause): [] for cause in Cause}
    for protocol in protocols:
        if protocol.cause != ANY_CAUSE:
            owners[protocol.cause].append(protocol)
    for owned in owners.values():
        for second in owned[1:]:
            message = f'{second.cause} has a protocol already, "{owned[0].name}"; a cause has exactly one'
            yield _finding(second, "cause", message)
    if not owners[Cause.UNKNOWN]:
        bare = ", ".join(cause for cause, owned in owners.items() if not owned)
        message = f"no protocol is in charge of {bare}; give one the cause unknown, which makes it the default"
        yield Finding(severity=Severity.ERROR, protocol="", path="cause", message=message)


def _same_criteria(first: RecoveryProtocol, second: RecoveryProtocol) -> bool:
    same_all = set(first.criteria.all) == set(second.criteria.all)
    same_any = set(first.criteria.any) == set(second.criteria.any)
    overlap = first.cause == second.cause or ANY_CAUSE in (first.cause, second.cause)
    return same_all and same_any and overlap


def _tags(protocol: RecoveryProtocol, dictionary: TagDictionary) -> Iterator[Said]:
    for index, tag in enumerate(protocol.tags):
        if tag in dictionary.all:
            yield Severity.ERROR, f"tags[{index}]", f'"{tag}" is set by the engine itself; choose another'
    for path, action in _actions(protocol, "tag"):
        for side in ("add", "remove"):
            for index, tag in enumerate(getattr(action.params, side)):
                yield from _tag(tag, f"{path}.{side}[{index}]", protocol, dictionary)


def _tag(tag: str, path: str, protocol: RecoveryProtocol, dictionary: TagDictionary) -> Iterator[Said]:
    if tag in dictionary.all:
        yield Severity.ERROR, path, f'"{tag}" is set by the engine itself; a protocol may not'
    elif tag not in protocol.tags:
        yield Severity.ERROR, path, f'"{tag}" is unknown; declare it under tags'


def _criteria(protocol: RecoveryProtocol) -> Iterator[Said]:
    criteria = protocol.criteria
    fact = possible.impossible(criteria)
    if fact:
        yield Severity.ERROR, "criteria", f"can never hold: no {fact} meets all conditions on it"
    for path, condition in _conditions(protocol):
        if possible.clash([condition]):
            wanted = f"{rules.OPERATORS[condition.operator].label} {condition.value}"
            yield Severity.ERROR, f"{path}.value", f"can never hold: no {condition.field} {wanted}"
        elif possible.always(condition):
            yield Severity.WARNING, path, f"always holds once {condition.field} is known"


def _texts(protocol: RecoveryProtocol) -> Iterator[Said]:
    """A text whose placeholder turns out empty is not sent at all, so each needs a fallback."""
    for name in ("note", "alert"):
        for path, action in _actions(protocol, name):
            for part in ("subject", "text"):
                for one in placeholders(getattr(action.params, part, "")):
                    if one.fallback is None and one.name not in ALWAYS_KNOWN:
                        message = f'"{one.name}" may be empty; give a fallback, {{{{ {one.name} | not known }}}}'
                        yield Severity.WARNING, f"{path}.{part}", message


def _at_desk(protocol: RecoveryProtocol, desk: DeskNames) -> Iterator[Said]:
    for noun, name, path in _names(protocol):
        known = {"group": desk.groups, "macro": desk.macros, "tag": desk.tags, "webhook": desk.webhooks}[noun]
        yield from _missing(noun, name, path, known)
    for path, action in _actions(protocol, "alert"):
        if action.params.email == LEAD and not desk.has_lead:
            yield Severity.WARNING, f"{path}.email", "the desk has no lead, so this alert would reach nobody"


def _names(protocol: RecoveryProtocol) -> Iterator[tuple[str, str, str]]:
    """Every name that only the desk can know: noun, name, path."""
    if protocol.team:
        yield "group", protocol.team, "team"
    for do, noun in (("assign", "group"), ("macro", "macro"), ("alert", "webhook")):
        for path, action in _actions(protocol, do):
            name = getattr(action.params, noun)
            if name and "://" not in name:
                yield noun, name, f"{path}.{noun}"
    for path, condition in _conditions(protocol):
        if condition.field in ("group", "tags"):
            words = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
            yield from ((condition.field.removesuffix("s"), word, f"{path}.value") for word in words)


def _missing(noun: str, name: str, path: str, known: frozenset[str] | None) -> Iterator[Said]:
    """A warning, since the desk may get it later; the step alone is refused, the rest goes on."""
    if known is not None and name.strip().casefold() not in {one.strip().casefold() for one in known}:
        yield Severity.WARNING, path, f'the desk has no {noun} "{name}"'


def _actions(protocol: RecoveryProtocol, do: str) -> Iterator[tuple[str, Action]]:
    for index, action in enumerate(protocol.actions):
        if action.do == do:
            yield f"actions[{index}]", action


def _conditions(protocol: RecoveryProtocol) -> Iterator[tuple[str, Condition]]:
    for group in ("all", "any"):
        for index, condition in enumerate(getattr(protocol.criteria, group)):
            yield f"criteria.{group}[{index}]", condition
