"""A neutral `Write` as the body of one update, and what may have been changed meanwhile. No requests are made here."""

from __future__ import annotations

import re
from typing import Any

from connectors.answers import number_of
from connectors.errors import Closed, Conflict, NotFound, Refused
from connectors.freshdesk.mapping import PRIORITIES
from connectors.freshdesk.statuses import Statuses
from connectors.ticket import Ticket, TicketStatus, Write

_PRIORITY_NUMBERS = {priority: number for number, priority in PRIORITIES.items()}
_CLEARED = {"group_id": "group_id", "assignee_id": "responder_id"}
_FIELD = re.compile(r"cf_[a-z0-9_]{1,100}", re.IGNORECASE)


def tags_after(ticket: Ticket, write: Write) -> frozenset[str]:
    """All the tags that the ticket will have."""
    return (ticket.tags | write.add_tags) - write.remove_tags


def changed_fields(ticket: Ticket, write: Write, statuses: Statuses) -> dict[str, Any]:
    """The vendor's fields to send, tags aside: only what differs from the ticket as read, so nothing else is undone.

    Raises Refused for what cannot be one of the vendor's ids, fields or statuses.
    """
    if "priority" in write.clear:
        raise Refused("priority: a ticket of Freshdesk's always has one")
    body: dict[str, Any] = {_CLEARED[name]: None for name in sorted(write.clear) if getattr(ticket, name) is not None}
    if write.group_id and write.group_id != ticket.group_id:
        body["group_id"] = number_of("group", write.group_id)
    if write.assignee_id and write.assignee_id != ticket.assignee_id:
        body["responder_id"] = number_of("assignee", write.assignee_id)
    if write.priority and write.priority != ticket.priority:
        body["priority"] = _PRIORITY_NUMBERS[write.priority]
    if write.status and write.status != ticket.status:
        body["status"] = statuses.number(write.status)
    custom = {name: value for name, value in write.custom_fields.items() if ticket.custom_fields.get(name) != value}
    for name in custom:
        if not _FIELD.fullmatch(name):
            raise Refused(f"custom field {name[:40]!r}: not a field of Freshdesk's, whose names begin with cf_")
    return {**body, "custom_fields": custom} if custom else body


def tags_hold(ticket: Ticket, write: Write) -> bool:
    """Whether the wanted tags are there and the unwanted ones are not; Freshdesk does not tell capitals apart."""
    there = {tag.casefold() for tag in ticket.tags}
    added, removed = ({tag.casefold() for tag in tags} for tags in (write.add_tags, write.remove_tags))
    return added - removed <= there and not removed & there


def require_changeable(ticket: Ticket) -> None:
    """Raise NotFound for a ticket in the trash or among spam, Closed for one in the archive."""
    if ticket.status in (TicketStatus.DELETED, TicketStatus.SPAM):
        raise NotFound(f"ticket {ticket.id}: it is {ticket.status.value} at the helpdesk")
    if ticket.status is TicketStatus.CLOSED:
        raise Closed(f"ticket {ticket.id}: it is closed and in the archive")


def require_unchanged(seen: Ticket, current: Ticket) -> None:
    """Raise Conflict unless the ticket is as it was seen: its stamp, and what stamps of whole seconds cannot tell."""
    names = ("stamp", "status", "priority", "group_id", "assignee_id", "tags", "custom_fields")
    changed = [name for name in names if getattr(seen, name) != getattr(current, name)]
    if changed:
        raise Conflict(f"ticket {seen.id}: changed since it was read: {', '.join(changed)}")
