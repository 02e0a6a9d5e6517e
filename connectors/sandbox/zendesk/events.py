"""Zendesk's event envelopes, queued for every webhook that is subscribed. Ids are text, states upper case."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox import outbox, people, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.changes import Outcome
from connectors.sandbox.happenings import observed
from connectors.sandbox.outbox import Letter
from connectors.sandbox.stamps import iso, iso_exact, make_ulid
from connectors.sandbox.store import Db, to_json
from connectors.sandbox.tickets import Comment, Ticket

PREFIX = "zen:event-type:ticket."

#: Attributes whose values travel as ids.
_ID_CHANGES = frozenset({"group_assignment_changed", "agent_assignment_changed", "requester_changed"})
_UPPER_CHANGES = frozenset({"status_changed", "priority_changed", "type_changed"})


def of(db: Db, outcome: Outcome) -> list[tuple[str, dict[str, Any]]]:
    """The events of one change as (short type, vendor's details)."""
    return [(found.type, _details(db, found.type, found.details)) for found in observed(outcome)]


def publish(
    db: Db,
    account: SandboxAccount,
    outcome: Outcome,
    happened: Iterable[tuple[str, Mapping[str, Any]]],
    moment: datetime,
) -> None:
    """Put every event of one action into the outbox, in order, in the caller's transaction."""
    sequence = make_ulid()
    for position, (kind, details) in enumerate(happened, start=1):
        listening = webhooks.listeners(db, PREFIX + kind)
        if not listening:
            continue
        # A creation has an empty event at the vendor; the others carry their place in the sequence.
        meta = {"meta": {"sequence": {"id": sequence, "position": position}}} if kind != "created" else {}
        event_id = str(uuid.uuid4())
        body = to_json(
            {
                "account_id": account.id,
                "id": event_id,
                "type": PREFIX + kind,
                "time": iso_exact(moment),
                "zendesk_event_version": "2022-11-06",
                "subject": f"zen:ticket:{outcome.ticket.id}",
                "detail": _detail(account, outcome.ticket, outcome.actor_id),
                "event": {**details, **meta},
            }
        ).encode()
        for webhook in listening:
            letter = Letter(
                webhook_id=webhook.id,
                ticket_id=outcome.ticket.id,
                event_id=event_id,
                event_type=PREFIX + kind,
                body=body,
                actor_id=outcome.actor_id,
            )
            outbox.enqueue(db, letter, iso(moment))


def _detail(account: SandboxAccount, ticket: Ticket, actor_id: int) -> dict[str, Any]:
    return {
        "actor_id": str(actor_id),
        "assignee_id": _id(ticket.assignee_id),
        "brand_id": str(account.brand_id),
        "created_at": ticket.created_at,
        "custom_status": "0",
        "description": ticket.description,
        "external_id": ticket.external_id,
        "form_id": str(account.form_id),
        "group_id": _id(ticket.group_id),
        "id": str(ticket.id),
        "is_public": ticket.is_public,
        "organization_id": _id(ticket.organization_id),
        "priority": _upper(ticket.priority),
        "requester_id": str(ticket.requester_id),
        "status": _upper(ticket.status),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter_id),
        "tags": list(ticket.tags),
        "type": _upper(ticket.type),
        "updated_at": ticket.updated_at,
        "via": {"channel": ticket.channel},
    }


def _details(db: Db, kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "comment_added":
        return {"comment": _comment(db, details["comment"])}
    if kind in _ID_CHANGES:
        return {name: _id(value) for name, value in details.items()}
    if kind in _UPPER_CHANGES:
        return {name: _upper(value) for name, value in details.items()}
    return dict(details)


def _comment(db: Db, comment: Comment) -> dict[str, Any]:
    author = people.get(db, comment.author_id)
    return {
        "id": str(comment.id),
        "body": comment.body,
        "is_public": comment.public,
        "author": {"id": str(author.id), "is_staff": author.is_staff, "name": author.name},
    }


def _id(value: int | None) -> str:
    """The vendor writes a missing id as "0"."""
    return "0" if value is None else str(value)


def _upper(value: str | None) -> str | None:
    return None if value is None else value.upper()
