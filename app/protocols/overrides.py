"""What people changed back: a field that shows another value than the one our newest step had set there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.protocols.changes import Change
from connectors.ticket import Ticket

#: An assignee whom we took off the ticket is missing on purpose: whoever takes it then does what was wanted. A status
#: is the agents' to change from then on.
_WATCHED = ("group_id", "assignee_id", "priority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One field that a person has set otherwise."""

    step: int  #: the step whose word it was, as its position in what was given
    field: str  #: "priority", "tag:late_parcel", "field:360001"
    ours: str | None
    theirs: str | None


def overrides(changes: Sequence[Change], current: Ticket) -> tuple[Override, ...]:
    """What the ticket shows otherwise than these changes, given oldest first, have left it."""
    newest: dict[str, tuple[int, Any]] = {}
    for step, change in enumerate(changes):
        newest |= {field: (step, ours) for field, ours in _set_by(change)}
    found = []
    for field, (step, ours) in newest.items():
        theirs = _shown(field, current)
        if theirs != ours and not (field == "assignee_id" and ours is None):
            found.append(Override(step=step, field=field, ours=_word(ours), theirs=_word(theirs)))
    return tuple(found)


def _set_by(change: Change) -> Iterator[tuple[str, Any]]:
    before, after = change.get("before", {}), change.get("after", {})
    for name in _WATCHED:
        if name in after:
            yield name, after[name]
    for tag in after.get("tags", ()):
        yield f"tag:{tag}", True
    for tag in before.get("tags", ()):
        yield f"tag:{tag}", False
    for key, value in after.get("custom_fields", {}).items():
        yield f"field:{key}", value


def _shown(field: str, current: Ticket) -> Any:
    kind, _, key = field.partition(":")
    if kind == "tag":
        return key in current.tags
    if kind == "field":
        return current.custom_fields.get(key)
    value = getattr(current, field)
    return str(value) if value is not None else None


def _word(value: Any) -> str | None:
    if isinstance(value, bool):
        return "set" if value else "not set"
    return None if value is None else str(value)
