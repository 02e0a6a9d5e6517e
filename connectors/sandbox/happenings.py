"""What happened in one change, as a list of neutral names with their details. Pure; envelopes are built elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.changes import Outcome
from connectors.sandbox.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    type: str  #: as in `comment_added`
    details: Mapping[str, Any] = field(default_factory=dict)


#: Attribute -> the name of its change, in the order events are sent.
_SIMPLE = {
    "status": "status_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "subject": "subject_changed",
    "requester_id": "requester_changed",
    "external_id": "external_id_changed",
    "group_id": "group_assignment_changed",
    "assignee_id": "agent_assignment_changed",
}


def observed(outcome: Outcome) -> list[Happening]:
    """Everything a subscriber can hear of, the comment first. A new ticket is one happening, whatever it was set to."""
    before, after = outcome.before, outcome.ticket
    if before is None:
        return [Happening(type="created")]
    found = [] if outcome.comment is None else [Happening(type="comment_added", details={"comment": outcome.comment})]
    found += [
        Happening(type=name, details=_pair(getattr(before, attribute), getattr(after, attribute)))
        for attribute, name in _SIMPLE.items()
        if getattr(before, attribute) != getattr(after, attribute)
    ]
    return found + _tags(before, after) + _fields(before, after)


def _pair(previous: Any, current: Any) -> dict[str, Any]:
    return {"current": current, "previous": previous}


def _tags(before: Ticket, after: Ticket) -> list[Happening]:
    if before.tags == after.tags:
        return []
    added = sorted(set(after.tags) - set(before.tags))
    removed = sorted(set(before.tags) - set(after.tags))
    return [Happening(type="tags_changed", details={"tags_added": added, "tags_removed": removed})]


def _fields(before: Ticket, after: Ticket) -> list[Happening]:
    return [
        Happening(
            type="custom_field_changed",
            details={"field": {"id": name}, **_pair(before.fields.get(name), value)},
        )
        for name, value in after.fields.items()
        if before.fields.get(name) != value
    ]
