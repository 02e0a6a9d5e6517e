"""Freshdesk's numbered statuses as neutral ones, and back. Which calls tell their names is the client's.

2 open, 3 pending, 4 resolved, 5 closed; every account may add its own from 6 on.
https://developers.freshdesk.com/api/#ticket_attributes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import Refused
from connectors.ticket import TicketStatus

FIRST_CUSTOM = 6
#: A closed ticket can be changed and opened again here, so it is no more at its end than a resolved one.
_FIXED = {2: TicketStatus.OPEN, 3: TicketStatus.PENDING, 4: TicketStatus.SOLVED, 5: TicketStatus.SOLVED}
_NUMBERS = {
    TicketStatus.NEW: 2,
    TicketStatus.OPEN: 2,
    TicketStatus.PENDING: 3,
    TicketStatus.SOLVED: 4,
    TicketStatus.CLOSED: 5,
}
#: Words in the name of a custom status, the first that fits. English only: an account in another language says what
#: its statuses mean in the desk's secret file.
_WORDS = (
    (TicketStatus.PENDING, re.compile(r"customer|requester|client|reply|response|feedback|pending", re.IGNORECASE)),
    (TicketStatus.HOLD, re.compile(r"hold|third|vendor|supplier|wait|blocked|external|scheduled", re.IGNORECASE)),
    (TicketStatus.SOLVED, re.compile(r"solved|closed|done|complete|fixed|cancel", re.IGNORECASE)),
    (TicketStatus.OPEN, re.compile(r"open|new|progress|escalat|review|investigat|working", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Statuses:
    """What the numbers of one account mean; `custom` holds those from 6 on that are known."""

    custom: Mapping[int, TicketStatus] = field(default_factory=dict)

    def neutral(self, number: int) -> TicketStatus:
        """The nearest neutral status; a custom one that nobody named waits for something."""
        return _FIXED.get(number) or self.custom.get(number, TicketStatus.HOLD)

    def number(self, status: TicketStatus) -> int:
        """The number to write. Raises Refused where the account has no such status."""
        if status in _NUMBERS:
            return _NUMBERS[status]
        found = [number for number, meant in sorted(self.custom.items()) if meant is status]
        if not found:
            raise Refused(f"status {status.value!r}: no status of this account is known to mean it")
        return found[0]

    def unsolved(self) -> list[int]:
        """The numbers under which a ticket is still somebody's work."""
        over = (TicketStatus.SOLVED, TicketStatus.CLOSED)
        return [2, 3, *sorted(number for number, meant in self.custom.items() if meant not in over)]


def read_setting(text: str) -> dict[int, TicketStatus]:
    """An admin's own words for the custom statuses, "6=pending, 8=solved". Raises ValueError, naming the part."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        number, _, word = (piece.strip() for piece in part.partition("="))
        meant = (TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.HOLD, TicketStatus.SOLVED)
        if not number.isdecimal() or int(number) < FIRST_CUSTOM or word not in meant:
            raise ValueError(
                f"credentials.statuses: {part[:40]!r} must be like 6=pending (open, pending, hold, solved)"
            )
        found[int(number)] = TicketStatus(word)
    return found


def guess(fields: list[Any]) -> dict[int, TicketStatus]:
    """What the custom statuses in the account's list of ticket fields mean, by their names as agents read them.

    Choices are `{"6": ["Waiting on Customer", "Awaiting your Reply"]}`, or a list of objects with `id` and `label`.
    """
    found = {}
    for entry in fields:
        if isinstance(entry, Mapping) and (entry.get("name") == "status" or entry.get("type") == "default_status"):
            for number, label in _choices(entry.get("choices")):
                if number >= FIRST_CUSTOM:
                    found[number] = _meaning(label)
    return found


def _choices(choices: Any) -> list[tuple[int, str]]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(choices, Mapping):
        pairs = list(choices.items())
    elif isinstance(choices, list):
        pairs = [(one.get("id", one.get("value")), one.get("label")) for one in choices if isinstance(one, Mapping)]
    names = [(number, label[0] if isinstance(label, list) and label else label) for number, label in pairs]
    return [(int(number), str(label or "")) for number, label in names if str(number).isdecimal()]


def _meaning(label: str) -> TicketStatus:
    return next((status for status, words in _WORDS if words.search(label)), TicketStatus.HOLD)
