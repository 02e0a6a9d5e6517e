"""Making one combined change at a helpdesk without safe updates: look, write, look again; words last.

Freshdesk replaces a ticket's whole list of tags, compares nothing before it writes, and takes words in a call of their
own. So the ticket is read again just before, and once more after its tags were written. Words go last: what carries a
marker is said only when everything else is in place. docs/decisions/0020 has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.answers import number, sensible
from connectors.errors import Conflict, ConnectorError
from connectors.freshdesk import changes, mapping, marks
from connectors.freshdesk.api import Api
from connectors.freshdesk.statuses import Statuses
from connectors.ticket import Receipt, Ticket, TicketStatus, Write

#: How often tags are written before an agent who keeps writing his own is left alone.
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The helpdesk's word that our words are there."""

    id: str
    at: datetime


class Writing:
    """One write to one ticket."""

    def __init__(self, api: Api, look: Callable[[str], Ticket], statuses: Callable[[], Statuses]) -> None:
        self._api, self._look, self._statuses = api, look, statuses

    def perform(self, ticket: Ticket, write: Write) -> Receipt:
        """See `connectors.base.Connector.write`. Costs a look, and for each of fields with tags, and words, one call
        and another look."""
        words = marks.dressed(write.comment.text, write.markers) if write.comment else ""
        # Only for this one has a status of the account's own to be found.
        statuses = self._statuses() if write.status is TicketStatus.HOLD else Statuses()
        fields = changes.changed_fields(ticket, write, statuses)
        retag = changes.tags_after(ticket, write) != ticket.tags
        if not (fields or retag or words):
            return Receipt(audit_id="", stamp=ticket.stamp, at=ticket.updated_at)
        current = self._look(ticket.id)
        changes.require_changeable(current)
        changes.require_unchanged(ticket, current)
        if fields or retag:
            current = self._update(current, write, fields, retag=retag)
        if not words:
            return Receipt(audit_id="", stamp=current.stamp, at=current.updated_at)
        said = self._say(ticket.id, words, public=bool(write.comment and write.comment.public))
        return Receipt(audit_id=said.id, stamp=self._stamp_after(current), at=said.at)

    def _update(self, current: Ticket, write: Write, fields: dict[str, Any], *, retag: bool) -> Ticket:
        """Fields and tags in one call; tags again while an agent's own list has swallowed ours. The ticket as left."""
        body = dict(fields)
        for _ in range(ROUNDS):
            if retag:
                body["tags"] = sorted(changes.tags_after(current, write))
            answer = self._api.put(f"tickets/{number(current.id)}", body, of=f"ticket {current.id}")
            if not retag:
                with sensible(sent=True):
                    return mapping.read_ticket_body(answer).ticket
            current = self._look(current.id)
            if changes.tags_hold(current, write):
                return current
            body = {}  # the fields are written; only the tags were swallowed
        raise Conflict(f"ticket {current.id}: its tags are being changed by somebody else all the time")

    def _say(self, ticket_id: str, html: str, *, public: bool) -> Said:
        """A reply goes to the customer; a note stays in the house, unless it says otherwise."""
        path, body = ("reply", {"body": html}) if public else ("notes", {"body": html, "private": True})
        answer = self._api.post(f"tickets/{number(ticket_id)}/{path}", body, of=f"ticket {ticket_id}")
        with sensible(sent=True):
            conversation = mapping.read_conversation(answer)
        return Said(id=conversation.id, at=conversation.at)

    def _stamp_after(self, current: Ticket) -> str:
        """The stamp that our words left; the one before them where nobody tells: whoever trusts it reads again."""
        try:
            return self._look(current.id).stamp
        except ConnectorError:
            return current.stamp
