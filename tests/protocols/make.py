"""Factories for protocol tests: everything has a default, a test names only what matters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.protocols.actions.base import CaseSummary, Planning
from app.protocols.actions.registry import ACTIONS
from app.protocols.decide import Published
from app.protocols.document import read_document
from app.protocols.protocol import RecoveryProtocol
from app.words import SatState
from connectors.ticket import Group, Person, Priority, Ticket, TicketStatus

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)

RECOVERY = Group(id="20", name="Recovery")
SUPPORT = Group(id="10", name="Support")


def document(**changes: Any) -> dict[str, Any]:
    """A small document that is right; a change of None takes the key away."""
    whole: dict[str, Any] = {
        "name": "Example",
        "criteria": {"all": [{"field": "score", "operator": "at_most", "value": 40}]},
        "actions": [{"do": "priority", "to": "high"}],
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def protocol(**changes: Any) -> RecoveryProtocol:
    return read_document(document(**changes))


def condition(field: Any, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def published(version_id: int = 1, *, order: int = 0, **changes: Any) -> Published:
    return Published(version_id=version_id, order=order, protocol=protocol(**changes))


def ticket(**changes: Any) -> Ticket:
    whole: dict[str, Any] = {
        "id": "7",
        "subject": "Where is my parcel",
        "status": TicketStatus.OPEN,
        "priority": Priority.NORMAL,
        "channel": "web",
        "requester": Person(id="900", name="Ann Example", email="ann@example.com"),
        "assignee_id": "31",
        "group_id": SUPPORT.id,
        "created_at": NOW,
        "updated_at": NOW,
        "stamp": "1",
    }
    return Ticket(**whole | changes)


def summary(**changes: Any) -> CaseSummary:
    whole: dict[str, Any] = {
        "protocol": "Example",
        "score": 23,
        "state": SatState.POOR_WORSENING,
        "reasons": ("third time I write", "waited 40 h"),
        "url": "http://127.0.0.1/cases/1",
    }
    return CaseSummary(**whole | changes)


def planning(**changes: Any) -> Planning:
    whole: dict[str, Any] = {
        "ticket": ticket(),
        "case": summary(),
        "now": NOW,
        "team": "Recovery",
        "groups": (SUPPORT, RECOVERY),
    }
    return Planning(**whole | changes)


def params(do: str, given: Mapping[str, Any]) -> Any:
    """The loaded parameters of an action."""
    return ACTIONS[do].schema().load(given)
