"""What a line of `kintsugi score` states of its ticket: facts at the start and at the end, and the desk's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.scoring.calendars import read_calendar
from app.scoring.context import PLAIN, Context
from app.scoring.conversation import TicketFacts

COUNTS = ("reopens", "reassignments", "segment_ratings", "mild_tickets", "mild_around", "earlier_failures")
AMOUNTS = ("hold_minutes", "same_topic_days")  #: numbers from 0
WORDS = ("priority", "channel", "vendor")
FLAGS = ("solved", "failed")
SHARES = ("segment_rating", "rating")  #: numbers from 0 to 1
KNOWN = frozenset({*COUNTS, *AMOUNTS, *WORDS, *FLAGS, *SHARES, "solved_at", "earlier_ratings", "calendar"})

OPEN = TicketFacts()
#: What belongs to the end of a conversation, with its value before.
AT_THE_END = {
    name: getattr(OPEN, name) for name in ("solved", "solved_at", "failed", "reopens", "reassignments", "rating")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What is said of a ticket beside its turns."""

    ending: TicketFacts = OPEN
    context: Context = PLAIN

    @property
    def opening(self) -> TicketFacts:
        """The facts that were there from the start."""
        return replace(self.ending, **AT_THE_END)


def read_stated(ticket: object) -> Stated:
    """The optional `ticket` object of a line. Raises ValueError as `path: message`, quoting the value."""
    if ticket is None:
        return Stated()
    if not isinstance(ticket, Mapping):
        raise ValueError(f"ticket: not an object: {ticket!r}")
    if unknown := sorted(str(key) for key in ticket.keys() - KNOWN):
        raise ValueError(f"ticket.{unknown[0]}: not one of {', '.join(sorted(KNOWN))}: {ticket[unknown[0]]!r}")
    given: dict[str, Any] = {name: value for name, value in ticket.items() if value is not None}
    calendar = given.pop("calendar", None)
    facts = TicketFacts(**{name: _read(name, value) for name, value in given.items()})
    hours = None if calendar is None else read_calendar(calendar, at="ticket.calendar")
    return Stated(ending=facts, context=Context(hours=hours))


def read_moment(path: str, value: object) -> datetime:
    """A time in UTC. One without its offset is taken as UTC: in a file of conversations only differences matter."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path}: not an ISO 8601 time: {value!r}") from error


def _read(name: str, value: Any) -> Any:
    path = f"ticket.{name}"
    if name == "solved_at":
        return read_moment(path, value)
    if name == "earlier_ratings":
        listed = _typed(path, value, list)
        return tuple(_number(f"{path}[{index}]", rating, most=1) for index, rating in enumerate(listed))
    if name in SHARES or name in AMOUNTS:
        return _number(path, value, most=1 if name in SHARES else None)
    return _typed(path, value, int if name in COUNTS else bool if name in FLAGS else str)


def _typed(path: str, value: Any, kind: type) -> Any:
    negative = kind is int and isinstance(value, int) and value < 0
    if type(value) is not kind or negative:
        raise ValueError(f"{path}: not a fitting {kind.__name__}: {value!r}")
    return value


def _number(path: str, value: object, *, most: float | None) -> float:
    within = "from 0 to 1" if most == 1 else "from 0"
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= (most or 1e9)
    if not fits:
        raise ValueError(f"{path}: not a number {within}: {value!r}")
    return float(value)  # type: ignore[arg-type]  # checked above
