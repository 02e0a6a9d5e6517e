"""How Zendesk tickets end and go on: who solved one, which one it was merged into, and follow-ups of closed ones.

Bodies are read and made here; no requests.
https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.errors import Refused
from connectors.ticket import Message, NewTicket, StatusChange, Ticket, TicketStatus
from connectors.zendesk.changes import metadata

#: Set by the vendor on a ticket that was merged into another one.
MERGED_TAG = "closed_by_merge"

_RESTING = frozenset({"solved", "closed"})
_NUMBER = re.compile(r"#([0-9]{1,19})\b")


def merged_into(ticket: Ticket, messages: Sequence[Message]) -> str | None:
    """The target of a merge: the vendor leaves a tag, and names the target in an internal note.

    The note's words are in the account's language and may be changed by the agent who merges, so only the number
    counts, and only beside the tag.
    """
    if ticket.status is not TicketStatus.CLOSED or MERGED_TAG not in ticket.tags:
        return None
    for message in reversed(messages):
        found = None if message.public else _NUMBER.search(message.text)
        if found and found[1] != ticket.id:
            return found[1]
    return None


def solver_in(audits: Iterable[Any]) -> StatusChange | None:
    """Who brought the ticket to rest, in audits of which the newest comes first."""
    for audit in audits:
        for event in (audit.get("events") if isinstance(audit, Mapping) else None) or ():
            if isinstance(event, Mapping) and _came_to_rest(event):
                return _solver(audit, event)
    return None


def _came_to_rest(event: Mapping[str, Any]) -> bool:
    """From solved to closed is no news: the vendor's own automation does that to every ticket."""
    return (
        event.get("field_name") == "status"
        and event.get("value") in _RESTING
        and event.get("previous_value") not in _RESTING
    )


def _solver(audit: Mapping[str, Any], event: Mapping[str, Any]) -> StatusChange:
    """What a rule changed carries the rule, also within the audit of a person whose edit set it off."""
    via = event.get("via") or audit.get("via")
    via = via if isinstance(via, Mapping) else {}
    by_rule = via.get("channel") == "rule" or str(audit.get("author_id")).startswith("-")
    return StatusChange(by_rule=by_rule, rule=_title(via) if by_rule else "")


def _title(via: Mapping[str, Any]) -> str:
    source = via.get("source")
    origin = source.get("from") if isinstance(source, Mapping) else None
    title = origin.get("title") if isinstance(origin, Mapping) else None
    return title[:200] if isinstance(title, str) else ""


def creation(new: NewTicket, author_id: str) -> dict[str, Any]:
    """The ticket object that opens it. Raises Refused for an id that is not one of the vendor's.

    The submitter becomes the author of the first comment, and would be the requester if none were named.
    """
    body: dict[str, Any] = {
        "subject": new.subject,
        "requester_id": _id(new.requester_id),
        "submitter_id": _id(author_id),
        "comment": {"body": new.text, "public": new.public, "author_id": _id(author_id)},
        "tags": sorted(new.tags),
        "metadata": metadata((new.marker,)),
    }
    if new.group_id is not None:
        body["group_id"] = _id(new.group_id)
    if new.follow_up_of is not None:
        body["via_followup_source_id"] = _id(new.follow_up_of)
    else:
        # Nothing else leads to it: markers are in audits, and those are listed by ticket.
        # https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets takes an external_id.
        body["external_id"] = new.marker
    return body


def newest_id(body: Any) -> str | None:
    """The highest id in a list of tickets; None where it is empty."""
    listed = body.get("tickets") if isinstance(body, Mapping) else None
    ids = [one.get("id") for one in listed or () if isinstance(one, Mapping)]
    return str(max(found)) if (found := [one for one in ids if isinstance(one, int)]) else None


def follow_up_ids(body: Any) -> list[str]:
    """The follow-ups of a ticket object, newest first."""
    ids = body.get("followup_ids") if isinstance(body, Mapping) else None
    found = [one for one in ids or () if isinstance(one, int | str) and str(one).isdigit()]
    return [str(one) for one in sorted(map(int, found), reverse=True)]


def _id(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise Refused(f"{text[:40]!r}: not an id of Zendesk's")
    return int(text)
