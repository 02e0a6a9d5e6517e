"""Actions that contradict each other, steps without an owner, alerts that go round in circles, tags without a home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.protocols.linting.effects import settings_of
from app.protocols.linting.finding import Said, actions_of, error, warning
from app.protocols.linting.texts import REPLY
from app.protocols.protocol import DoneWhen, RecoveryProtocol, ReturnTo
from app.protocols.tags import TagDictionary
from connectors.ticket import Priority

TASK = "task"  #: the action that is a person's step from the start
TARGETS = ("email", "webhook", "slack", "group")


def check_tags(protocol: RecoveryProtocol, dictionary: TagDictionary) -> Iterator[Said]:
    """Tags that the protocol has not declared, or that are the engine's."""
    for index, tag in enumerate(protocol.tags):
        if tag in dictionary.all:
            yield error(f"tags[{index}]", f'"{tag}" is set by the engine itself; choose another')
    for path, action in actions_of(protocol, "tag"):
        for side in ("add", "remove"):
            for index, tag in enumerate(getattr(action.params, side)):
                if tag in dictionary.all:
                    yield error(f"{path}.{side}[{index}]", f'"{tag}" is set by the engine itself; a protocol may not')
                elif tag not in protocol.tags:
                    yield error(f"{path}.{side}[{index}]", f'"{tag}" is unknown; declare it under tags')


def check_actions(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Steps that undo, repeat or overrule each other within one run, and a priority that never changes."""
    last: dict[str, tuple[str, Any]] = {}
    for path, action in actions_of(protocol):
        for name, value in settings_of(action, protocol.team):
            thing = "assignment" if action.do == "assign" else name
            before = last.get(thing)
            if before is not None and before[0] != path:
                how = "does the same as" if before[1] == value and action.do != "assign" else "overrules"
                yield warning(path, f"{how} {before[0]} on the same run ({thing})")
            last[thing] = (path, value)
        if action.do == "priority" and action.params.to is Priority.LOW and not action.params.may_lower:
            yield warning(f"{path}.to", "never changes anything: nothing is below low, and may_lower is not given")


def check_owners(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Deadlines and done-checks are for people; an acknowledgement is for alerts."""
    for path, action in actions_of(protocol):
        if action.done_when is DoneWhen.ACKNOWLEDGED and action.do != "alert":
            yield error(f"{path}.done_when", "is for alerts alone; nothing else is acknowledged")
        elif action.owner is None and action.do not in (TASK, "alert"):
            if action.done_when is not None:
                yield error(f"{path}.done_when", "is for a person's step; give it an owner")
            if action.within_hours is not None:
                yield error(f"{path}.within_hours", "is for a person's step; give it an owner")


def check_escalation(protocol: RecoveryProtocol) -> Iterator[Said]:
    """A chain of alerts that comes back to someone who has not answered."""
    for path, action in actions_of(protocol, "alert"):
        seen = {target: path for target in _targets(action.params)}
        chain = getattr(action.params, "then", None) or ()
        for index, link in enumerate(chain):
            for name, target in _targets(link):
                if (name, target) in seen:
                    yield error(f"{path}.then[{index}].{name}", "is a circular escalation; it was alerted before")
                seen[(name, target)] = path


def check_guardrails(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Limits, targets and returns that contradict the actions or each other."""
    rails, targets, follow_up = protocol.guardrails, protocol.targets, protocol.follow_up
    for path, _ in actions_of(protocol, REPLY):
        if not rails.automation_may_speak:
            yield error(f"{path}.do", "writes to the customer, which guardrails.automation_may_speak does not allow")
    first, whole = targets.first_touch_minutes, targets.recovery_hours
    if first is not None and whole is not None and first > whole * 60:
        yield warning("targets.first_touch_minutes", f"is later than the recovery itself, {whole:g} hours")
    same = follow_up.return_group and protocol.team and _key(follow_up.return_group) == _key(protocol.team)
    if follow_up.return_to is ReturnTo.GROUP and same:
        yield warning("follow_up.return_group", "is the protocol's own team, so the ticket would stay where it is")


def _targets(params: Any) -> list[tuple[str, str]]:
    return [(name, _key(value)) for name in TARGETS if (value := getattr(params, name, None))]


def _key(name: str) -> str:
    return name.strip().casefold()
