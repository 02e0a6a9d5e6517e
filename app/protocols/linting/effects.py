"""What a protocol's actions set on a ticket, and whether a condition then holds. Words are no effect: nobody acts on
our notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.protocols import possible
from app.protocols.linting.finding import actions_of
from app.protocols.protocol import Action, Condition, Criteria, RecoveryProtocol
from app.protocols.rules import holds
from connectors.ticket import Priority

Setting = tuple[str, Any]  #: what is set, and to what: ("priority", "high"), ("tag late", True for added)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What is certain about a ticket once the protocol has acted on it."""

    words: dict[str, Any] = field(default_factory=dict)  #: fact to value
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(self.words) | ({"tags"} if self.added or self.removed else set())

    def meets(self, condition: Condition) -> bool | None:
        """Whether the condition holds afterwards; None when that depends on what else the ticket has."""
        if condition.field in self.words:
            return holds(condition, self.words)
        if condition.field != "tags" or not (self.added or self.removed):
            return None
        mentioned = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
        free = [word for word in mentioned if word not in self.added | self.removed]
        if len(free) == len(mentioned):
            return None
        outcomes = {holds(condition, {"tags": self.added | frozenset(more)}) for more in ((), free)}
        return outcomes.pop() if len(outcomes) == 1 else None


def settings_of(action: Action, team: str | None) -> Iterator[Setting]:
    """What the action alone sets, one entry per thing."""
    params = action.params
    if action.do == "tag":
        yield from ((f"tag {tag}", True) for tag in params.add)
        yield from ((f"tag {tag}", False) for tag in params.remove)
    elif action.do == "assign":
        yield ("group", str(params.group or team)) if params.needs_group else ("assignee", params.member or params.to)
    elif action.do in ("priority", "status"):
        yield action.do, str(params.to)
    elif action.do == "field":
        yield f"field {params.field}", params.value


def effects_of(protocol: RecoveryProtocol) -> Effects:
    """What the protocol's steps leave behind, the last word on each thing winning."""
    words: dict[str, Any] = {}
    tags: dict[str, bool] = {}
    for _, action in actions_of(protocol):
        if action.do == "priority" and not _can_change(action, protocol.criteria):
            continue
        for name, value in settings_of(action, protocol.team):
            if name.startswith("tag "):
                tags[name.removeprefix("tag ")] = value
            elif name in ("group", "priority", "status"):
                words[name] = value
    return Effects(
        words=words,
        added=frozenset(tag for tag, kept in tags.items() if kept),
        removed=frozenset(tag for tag, kept in tags.items() if not kept),
    )


def _can_change(action: Action, criteria: Criteria) -> bool:
    """Whether a priority that may only rise has anything to rise from on the tickets that meet the criteria."""
    if action.params.may_lower:
        return True
    order = tuple(Priority)
    lower = tuple(str(one) for one in order[: order.index(action.params.to)])
    below = Condition(field="priority", operator="one_of", value=lower)
    return bool(lower) and possible.compatible(criteria, Criteria(all=(below,)))
