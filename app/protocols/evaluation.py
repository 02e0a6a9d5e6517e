"""What was known of a ticket at one moment, whole, as values that can be stored and decided on again. No deciding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.protocols import rules
from app.protocols.facts import FACTS, Facts, Kind
from connectors.ticket import Person, Priority, Ticket, TicketStatus

CustomFields = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The ticket's own fields as far as actions look at them; no words."""

    group_id: str | None = None
    assignee_id: str | None = None
    priority: str | None = None
    status: str | None = None
    channel: str | None = None
    tags: frozenset[str] = frozenset()
    custom_fields: CustomFields = field(default_factory=dict)  #: those that some protocol in force sets
    waiting: bool = False  #: the turn is ours, so the customer's wait grows
    named: bool = True  #: the customer's name is known
    reasoned: bool = True  #: something lowers the score, so there are reasons to tell

    def as_ticket(self, ticket_id: str, at: datetime) -> Ticket:
        """A ticket to plan actions on; what no action looks at is made up."""
        return Ticket(
            id=ticket_id,
            subject="",
            status=TicketStatus(self.status or TicketStatus.OPEN),
            priority=Priority(self.priority) if self.priority else None,
            channel=self.channel or "",
            requester=Person(id="", name="a customer" if self.named else ""),
            assignee_id=self.assignee_id,
            group_id=self.group_id,
            tags=self.tags,
            custom_fields=dict(self.custom_fields),
            created_at=at,
            updated_at=at,
            stamp="",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One look at a ticket's facts."""

    tracked_id: int
    ticket_id: str  #: the helpdesk's
    at: datetime  #: business time of the look
    as_of: datetime  #: business time up to which the facts count waits and ages
    facts: Facts
    ticket: Snapshot
    in_force: tuple[tuple[int, int], ...] = ()  #: (version id, order) of what was in force for this ticket then
    decided: bool = True  #: the engine decided on these facts

    def was_in_force(self, version_id: int) -> bool:
        return any(version_id == one for one, _ in self.in_force)


def plain_facts(facts: Facts) -> dict[str, Any]:
    """The facts as JSON's own types: sets become sorted lists."""
    plain = {name: rules.plain(value) for name, value in facts.items()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def read_facts(plain: Mapping[str, Any]) -> Facts:
    """What `plain_facts` made, as facts again; names that are no facts any more are left out."""
    return {
        name: frozenset(value) if value is not None and FACTS[name].kind is Kind.WORDS else value
        for name, value in plain.items()
        if name in FACTS
    }


def plain_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as JSON's own types, without what says nothing."""
    named = {name: getattr(snapshot, name) for name in Snapshot.__dataclass_fields__}
    return {**{name: value for name, value in named.items() if value is not None}, "tags": sorted(snapshot.tags),
            "custom_fields": dict(snapshot.custom_fields)}  # fmt: skip


def read_snapshot(plain: Mapping[str, Any]) -> Snapshot:
    """What `plain_snapshot` made; keys that are unknown by now are left out."""
    known = {name: value for name, value in plain.items() if name in Snapshot.__dataclass_fields__}
    return Snapshot(**{**known, "tags": frozenset(known.get("tags", ()))})


def changed(before: Evaluation, facts: Facts, snapshot: Snapshot) -> bool:
    """Whether anything is different from before but for what time alone moves."""
    return before.ticket != snapshot or _still(before.facts) != _still(facts)


def _still(facts: Facts) -> dict[str, Any]:
    return {name: facts.get(name) for name in _unclocked(facts) if facts.get(name) is not None}


def _unclocked(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in FACTS and not FACTS[name].clock]
