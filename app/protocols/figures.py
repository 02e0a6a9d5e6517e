"""What protocols did or would do, in numbers that are counted in one way for both. Nothing is replayed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.protocols.changes import Change

NOBODY = ""  #: the team of a protocol that names none


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One case as it was opened, and what its protocol's own steps did then."""

    ticket_id: str
    at: datetime  #: business time
    team: str = NOBODY  #: as the protocol names it
    steps: tuple[str, ...] = ()  #: the actions that were planned, in order
    changes: tuple[Change, ...] = ()  #: of each step that changed or said something; see `changes.py`
    alerts: int = 0
    vendor_items: int = 0
    tasks: int = 0  #: steps that people are to do
    writes: int = 0  #: changes sent to the helpdesk, each with whatever could be joined in it
    reason: str = ""  #: why it opened, one sentence without customer text


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Cases of one team in one hour."""

    team: str
    hour: datetime  #: its beginning, UTC
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Totals over a span of time."""

    tickets: int = 0  #: on which at least one case opened
    cases: int = 0
    deferred: int = 0  #: tickets that waited for capacity
    steps: Mapping[str, int] = field(default_factory=dict)  #: by action
    tags_added: Mapping[str, int] = field(default_factory=dict)  #: by tag; where the ticket had it already counts not
    tags_removed: Mapping[str, int] = field(default_factory=dict)
    reassignments: int = 0  #: steps that gave a ticket to another group or agent
    field_changes: Mapping[str, int] = field(default_factory=dict)  #: by field: priority, status, a custom field's id
    notes: int = 0
    public_messages: int = 0
    alerts: int = 0
    vendor_items: int = 0
    tasks: int = 0  #: steps that people are to do
    helpdesk_writes: int = 0  #: changes of tickets; what can be one is one
    load: tuple[Load, ...] = ()  #: in order of hour and team
    overlap: Mapping[str, int] = field(default_factory=dict)  #: tickets on which another protocol held too, by its name

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        plain = asdict(self)
        plain["load"] = [{"team": one.team, "hour": one.hour.isoformat(), "cases": one.cases} for one in self.load]
        return plain


def count(works: Sequence[Work], *, overlap: Mapping[str, int] | None = None, deferred: int = 0) -> Figures:
    """The totals of these cases."""
    changes = [change for work in works for change in work.changes]
    said = Counter(str(change["said"]) for change in changes if "said" in change)
    return Figures(
        tickets=len({work.ticket_id for work in works}),
        cases=len(works),
        deferred=deferred,
        steps=_sorted(step for work in works for step in work.steps),
        tags_added=_sorted(tag for change in changes for tag in change["after"].get("tags", ())),
        tags_removed=_sorted(tag for change in changes for tag in change["before"].get("tags", ())),
        reassignments=sum(_reassigns(change) for change in changes),
        field_changes=_sorted(name for change in changes for name in _fields(change)),
        notes=said["note"],
        public_messages=said["reply"],
        alerts=sum(work.alerts for work in works),
        vendor_items=sum(work.vendor_items for work in works),
        tasks=sum(work.tasks for work in works),
        helpdesk_writes=sum(work.writes for work in works),
        load=_load(works),
        overlap=dict(sorted((overlap or {}).items())),
    )


def _sorted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _reassigns(change: Change) -> bool:
    names = ("group_id", "assignee_id")
    return any(name in change["after"] and change["after"][name] != change["before"].get(name) for name in names)


def _fields(change: Change) -> list[str]:
    return [name for name in ("priority", "status") if name in change["after"]] + list(
        change["after"].get("custom_fields", {})
    )


def _load(works: Sequence[Work]) -> tuple[Load, ...]:
    by_hour = Counter((_hour(work.at), work.team) for work in works)
    return tuple(Load(team=team, hour=hour, cases=cases) for (hour, team), cases in sorted(by_hour.items()))


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
