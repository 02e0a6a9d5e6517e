"""Tickets that we open for a customer, and finding one again. Freshdesk knows no follow-ups: the link is a sentence.

A new ticket begins with a description that its customer can see, so an internal note is a second call. The marker is in
the description: once that is there, the ticket is there.
"""

from __future__ import annotations

from typing import Any

from connectors.answers import number, number_of, sensible
from connectors.errors import ConnectorError, Unavailable
from connectors.freshdesk import mapping, marks
from connectors.freshdesk.api import Api
from connectors.ticket import NewTicket

_OPEN, _NORMAL, _PORTAL = 2, 2, 2


def create(api: Api, new: NewTicket) -> str:
    """Open the ticket; its id."""
    body: dict[str, Any] = {
        "subject": new.subject,
        "description": marks.dressed(_opening(new), [new.marker]),
        "requester_id": number_of("requester", new.requester_id),
        "status": _OPEN,
        "priority": _NORMAL,
        "source": _PORTAL,
        "tags": sorted(new.tags),
    }
    if new.group_id:
        body["group_id"] = number_of("group", new.group_id)
    answer = api.post("tickets", body, of="a new ticket")
    with sensible(sent=True):
        ticket_id = mapping.read_ticket_body(answer).ticket.id
    if not new.public:
        write_note(api, ticket_id, new)
    return ticket_id


def find(api: Api, requester_id: str, marker: str) -> str | None:
    """The ticket of this requester that was made with the marker; None where there is none among the newest hundred."""
    params = {"requester_id": str(number(requester_id)), "include": "description", "order_type": "desc"}
    page = api.page("tickets", 1, params | {"order_by": "created_at"}, of="tickets of this requester")
    with sensible():
        found = [body for body in map(mapping.read_ticket_body, page) if marks.markers_in(body.html, [marker])]
    return found[0].ticket.id if found else None


def _opening(new: NewTicket) -> str:
    """What the customer can read: the text itself, or only what the ticket is about."""
    if new.public:
        return new.text
    return f"{new.subject} (follow-up of ticket {new.follow_up_of})" if new.follow_up_of else new.subject


def note_marker(marker: str) -> str:
    """The note's own marker: the ticket's does not tell whether its note is there."""
    return f"{marker}/note"


def write_note(api: Api, ticket_id: str, new: NewTicket) -> None:
    """The internal note that the ticket was opened for."""
    note = {"body": marks.dressed(new.text, [note_marker(new.marker)]), "private": True}
    try:
        api.post(f"tickets/{number(ticket_id)}/notes", note, of=f"ticket {ticket_id}")
    except ConnectorError as error:
        # The ticket is there, whatever became of the note; so nobody may open another one.
        raise Unavailable(f"opened without its note: {error}", sent=True) from error
