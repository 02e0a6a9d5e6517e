"""The events that a Freshworks app hears, posted as its server script would post them: with the account's secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox import outbox, people, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.changes import Outcome
from connectors.sandbox.freshdesk.codes import priority_code
from connectors.sandbox.freshdesk.fields import field_names
from connectors.sandbox.freshdesk.shapes import conversation_json, whole_ticket_json
from connectors.sandbox.happenings import Happening, observed
from connectors.sandbox.outbox import Letter
from connectors.sandbox.stamps import iso, make_ulid
from connectors.sandbox.statuses import find as find_status
from connectors.sandbox.store import Db, to_json
from connectors.sandbox.tickets import Comment

WEBHOOK_ID = "freshworks-app"

#: Happening -> field of the ticket, for those whose two values are told as they are.
_PLAIN = {
    "subject_changed": "subject",
    "requester_changed": "requester_id",
    "group_assignment_changed": "group_id",
    "agent_assignment_changed": "responder_id",
}


def publish(db: Db, account: SandboxAccount, outcome: Outcome, moment: datetime) -> None:
    """One event for a new ticket or for all changes of its fields, and one for what was said."""
    happened = observed(outcome)
    if outcome.before is None:
        _post(db, account, outcome, moment, "onTicketCreate", {"ticket": whole_ticket_json(db, outcome.ticket)})
        return
    if outcome.comment is not None:
        said(db, account, outcome, moment, "onConversationCreate", outcome.comment)
    changes = {name: pair for one in happened for name, pair in _changed(db, outcome, one).items()}
    if changes:
        changed(db, account, outcome, moment, changes)


def changed(db: Db, account: SandboxAccount, outcome: Outcome, moment: datetime, changes: Mapping[str, Any]) -> None:
    """An update, with `{field: [before, after]}`."""
    ticket = {**whole_ticket_json(db, outcome.ticket), "changes": dict(changes)}
    _post(db, account, outcome, moment, "onTicketUpdate", {"ticket": ticket})


def said(db: Db, account: SandboxAccount, outcome: Outcome, moment: datetime, event: str, comment: Comment) -> None:
    _post(db, account, outcome, moment, event, {"conversation": conversation_json(db, comment)})


def _changed(db: Db, outcome: Outcome, one: Happening) -> dict[str, list[Any]]:
    before = outcome.before
    if one.type in _PLAIN:
        return {_PLAIN[one.type]: [one.details["previous"], one.details["current"]]}
    if one.type == "status_changed":
        found = [find_status(db, one.details[side]) for side in ("previous", "current")]
        return {"status": [status and status.code for status in found]}
    if one.type == "priority_changed":
        return {"priority": [priority_code(one.details[side]) for side in ("previous", "current")]}
    if one.type == "tags_changed" and before is not None:
        return {"tags": [list(before.tags), list(outcome.ticket.tags)]}
    if one.type == "custom_field_changed":
        name = field_names(db).get(int(one.details["field"]["id"]))
        return {name: [one.details["previous"], one.details["current"]]} if name else {}
    return {}


def _post(
    db: Db, account: SandboxAccount, outcome: Outcome, moment: datetime, event: str, data: Mapping[str, Any]
) -> None:
    if webhooks.find(db, WEBHOOK_ID) is None:
        return
    requester = people.get(db, outcome.ticket.requester_id)
    actor = people.get(db, outcome.actor_id)
    whole = {
        **data,
        "actor": {
            "id": actor.id,
            "name": actor.name,
            "email": actor.email,
            "type": "system" if actor.id == people.SYSTEM_ID else "agent" if actor.is_staff else "contact",
        },
        "requester": {"id": requester.id, "name": requester.name, "email": requester.email},
    }
    body = {
        "account_id": str(account.id),
        "domain": f"{account.subdomain}.freshdesk.com",
        "event": event,
        "region": "US",
        "timestamp": moment.timestamp(),
        "data": whole,
    }
    letter = Letter(
        webhook_id=WEBHOOK_ID,
        ticket_id=outcome.ticket.id,
        event_id=make_ulid(),
        event_type=event,
        body=to_json(body).encode(),
        actor_id=outcome.actor_id,
        ordered=False,
    )
    outbox.enqueue(db, letter, iso(moment))
