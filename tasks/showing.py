"""What the installed fields of a helpdesk show of a ticket: score, state and cause. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.store.models import TrackedTicket
from app.words import SatState
from connectors.ticket import Ticket, Write

#: Setting of a desk: which field shows what, by the helpdesk's ids.
SHOWN = "shown_fields"
#: A score moves with every message, so by itself it is worth no write; it goes along with the next one.
_GOES_ALONG = "score"


def wanted(settings: Mapping[str, Any], row: TrackedTicket | None) -> dict[str, tuple[str, str | int]]:
    """For each installed field, its id at the helpdesk and what it should show; none before the first score."""
    if row is None or row.state is None:
        return {}
    known: dict[str, str | int | None] = {
        "score": row.score,
        "state": in_words(row.state),
        "cause": _label(row.cause_class),
    }
    fields: Mapping[str, str] = settings.get(SHOWN) or {}
    return {name: (fields[name], value) for name, value in known.items() if name in fields and value is not None}


def in_words(state: SatState) -> str:
    """ "Poor, worsening", as people read it at the helpdesk."""
    return state.value.replace("_", ", ").capitalize()


def _label(cause_class: str | None) -> str | None:
    if cause_class is None or cause_class == "unknown":
        return None
    return cause_class.replace("_", " ").capitalize()


def shown_write(ticket: Ticket, fields: Mapping[str, tuple[str, str | int]], *, due: bool) -> Write:
    """What brings the fields up to date; empty where nothing but the score has changed and no other write is due.

    A field that the ticket does not name was deleted by an admin. Writing to it all the same would change nothing, and
    so never end.
    """
    there = ticket.custom_fields
    known = {name: entry for name, entry in fields.items() if entry[0] in there}
    stale = {name: (key, value) for name, (key, value) in known.items() if _text(there[key]) != str(value)}
    if not due and set(stale) <= {_GOES_ALONG}:
        return Write()
    return Write(custom_fields=dict(stale.values()))


def _text(value: object) -> str:
    """As text, since a helpdesk may give a whole number back as one or as its digits."""
    return "" if value is None else str(value)
