"""Names that only the desk can know: groups, macros, tags, agents, fields, skills, webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.protocols.actions.alert import LEAD
from app.protocols.linting.finding import Said, actions_of, conditions_of, error, warning
from app.protocols.protocol import Owner, RecoveryProtocol
from app.protocols.tags import TagDictionary

#: Action, its parameter, and what that names.
_NAMED = (
    ("assign", "group", "group"),
    ("assign", "member", "agent"),
    ("assign", "skill", "skill"),
    ("macro", "macro", "macro"),
    ("alert", "webhook", "webhook"),
    ("alert", "slack", "webhook"),
    ("vendor_notice", "group", "group"),
    ("vendor_notice", "webhook", "webhook"),
    ("field", "field", "field"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNames:
    """What the desk has, names and ids alike; None where it could not be asked."""

    groups: frozenset[str] | None = None
    macros: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    webhooks: frozenset[str] | None = None  #: names that alerts may use instead of an address
    agents: frozenset[str] | None = None
    fields: frozenset[str] | None = None  #: of tickets
    skills: frozenset[str] | None = None
    has_lead: bool = True

    @property
    def unasked(self) -> tuple[str, ...]:
        """What the desk did not tell, so that nothing is compared with it."""
        nouns = ("groups", "macros", "tags", "webhooks", "agents", "fields", "skills")
        return tuple(noun for noun in nouns if getattr(self, noun) is None)

    def of(self, noun: str) -> frozenset[str] | None:
        """The names of that kind, "group" or "tag"."""
        found: frozenset[str] | None = getattr(self, f"{noun}s")
        return found


def check_names(protocol: RecoveryProtocol, desk: DeskNames, dictionary: TagDictionary) -> Iterator[Said]:
    """Names that the desk does not have, and leads where it has none.

    A tag is no more than a warning: helpdesks list those of late alone.
    """
    own = dictionary.all | frozenset(protocol.tags)
    for noun, name, path in _names(protocol):
        known = desk.of(noun)
        if known is not None and not (noun == "tag" and name in own) and not _has(known, name):
            say = warning if noun == "tag" else error
            yield say(path, f'the desk has no {noun} "{name}"')
    if not desk.has_lead:
        yield from _without_lead(protocol)


def _without_lead(protocol: RecoveryProtocol) -> Iterator[Said]:
    for path, action in actions_of(protocol):
        if action.do == "alert" and action.params.email == LEAD:
            yield warning(f"{path}.email", "the desk has no lead, so this alert would reach nobody")
        elif action.owner is Owner.LEAD:
            yield warning(f"{path}.owner", "the desk has no lead, so this step would be nobody's")


def _names(protocol: RecoveryProtocol) -> Iterator[tuple[str, str, str]]:
    """Every name that only the desk can know: noun, name, path."""
    if protocol.team:
        yield "group", protocol.team, "team"
    for do, parameter, noun in _NAMED:
        for path, action in actions_of(protocol, do):
            yield from _named(action.params, parameter, noun, path)
            for index, link in enumerate(getattr(action.params, "then", None) or ()):
                yield from _named(link, parameter, noun, f"{path}.then[{index}]")
    if protocol.follow_up.return_group:
        yield "group", protocol.follow_up.return_group, "follow_up.return_group"
    for path, condition in conditions_of(protocol):
        if condition.field in ("group", "tags"):
            words = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
            yield from ((condition.field.removesuffix("s"), word, f"{path}.value") for word in words)


def _named(params: Any, parameter: str, noun: str, path: str) -> Iterator[tuple[str, str, str]]:
    """An address is no name: whether it answers is seen when it is called."""
    name = getattr(params, parameter, None)
    if name and "://" not in name:
        yield noun, name, f"{path}.{parameter}"


def _has(known: frozenset[str], name: str) -> bool:
    return name.strip().casefold() in {one.strip().casefold() for one in known}
