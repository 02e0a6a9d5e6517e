"""Freshdesk's numbers and the words behind them: priorities, sources, statuses, the seven faces of a rating."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox import statuses
from connectors.sandbox.statuses import Status
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import Ticket

PRIORITIES: Mapping[int, str] = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
#: What people see: Freshdesk says Medium where others say normal.
PRIORITY_LABELS: Mapping[int, str] = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}

#: How a ticket came -> source. What is not here came through the portal.
SOURCES: Mapping[str, int] = {"email": 1, "web": 2, "phone": 3, "chat": 7, "widget": 9, "outbound": 10, "api": 2}

SOURCE_CODES = tuple(sorted(set(SOURCES.values())))

STATUSES = (
    Status(word="open", code=2, label="Open"),
    Status(word="pending", code=3, label="Pending"),
    Status(word="solved", code=4, label="Resolved"),
    Status(word="closed", code=5, label="Closed"),
    Status(word="waiting_on_customer", code=6, label="Waiting on Customer"),
    Status(word="waiting_on_third_party", code=7, label="Waiting on Third Party"),
)

FACES: Mapping[int, str] = {
    103: "Extremely happy",
    102: "Very happy",
    101: "Happy",
    100: "Neutral",
    -101: "Unhappy",
    -102: "Very unhappy",
    -103: "Extremely unhappy",
}

#: Points of a survey's scale -> its codes, from the best down.
SCALES: Mapping[int, tuple[int, ...]] = {
    2: (103, -103),
    3: (103, 100, -103),
    5: (103, 102, 100, -102, -103),
    7: tuple(FACES),
}


def priority_code(word: str | None) -> int:
    """A ticket of Freshdesk always has a priority; low is where it begins."""
    return next((code for code, name in PRIORITIES.items() if name == word), 1)


def channel_of(source: int) -> str | None:
    """How a ticket of this source came; None for a code that the sandbox does not know."""
    return next((channel for channel, code in SOURCES.items() if code == source and channel != "api"), None)


def source_code(channel: str) -> int:
    return SOURCES.get(channel, 2)


def living_status(ticket: Ticket) -> str:
    """The status a ticket has, or had when it was deleted: deleting is a flag at Freshdesk."""
    return ticket.ended_from or ticket.status


def status_code(db: Db, ticket: Ticket) -> int:
    found = statuses.find(db, living_status(ticket))
    return 2 if found is None else found.code
