"""Ticket metrics, counted from the audits and comments when asked for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.sandbox.stamps import read_iso
from connectors.sandbox.tickets import Audit, Comment, Ticket

_DONE = ("solved", "closed")


def measured(ticket: Ticket, audits: Sequence[Audit], comments: Sequence[tuple[Comment, bool]]) -> dict[str, Any]:
    """Calendar and business minutes are the same here: the sandbox never closes.

    `comments` are all of the ticket's, each with whether an agent wrote it.
    """
    replies = [comment for comment, staff in comments if staff and comment.public]
    solved = [moment for moment, _, value in _changes(audits, "status") if value in _DONE]
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "reopens": sum(1 for _, before, value in _changes(audits, "status") if before in _DONE and value not in _DONE),
        "replies": len(replies),
        "assignee_stations": len({value for _, _, value in _changes(audits, "assignee_id") if value}),
        "group_stations": len({value for _, _, value in _changes(audits, "group_id") if value}),
        "solved_at": solved[-1] if ticket.status in _DONE and solved else None,
        "latest_comment_added_at": comments[-1][0].created_at if comments else None,
        "reply_time_in_minutes": _minutes(ticket.created_at, replies[0].created_at if replies else None),
        "first_resolution_time_in_minutes": _minutes(ticket.created_at, solved[0] if solved else None),
        "full_resolution_time_in_minutes": _minutes(ticket.created_at, solved[-1] if solved else None),
    }


def _changes(audits: Sequence[Audit], name: str) -> list[tuple[str, Any, Any]]:
    """(moment, value before, value after) of every change of one attribute."""
    return [
        (audit.created_at, event.get("previous_value"), event["value"])
        for audit in audits
        for event in audit.events
        if event.get("field_name") == name
    ]


def _minutes(start: str, end: str | None) -> dict[str, int | None]:
    span = None if end is None else int((read_iso(end) - read_iso(start)).total_seconds() // 60)
    return {"calendar": span, "business": span}
