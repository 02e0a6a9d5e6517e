"""Automation rules: which of them a change sets off, and the webhook that is all they do. Endpoints are elsewhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox import outbox, people, statuses, webhooks
from connectors.sandbox.changes import Outcome
from connectors.sandbox.freshdesk.codes import PRIORITY_LABELS, living_status, priority_code
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.happenings import Happening, observed
from connectors.sandbox.outbox import Letter
from connectors.sandbox.stamps import make_ulid
from connectors.sandbox.store import Db, Row, insert, next_id, to_json
from connectors.sandbox.webhooks import Webhook

CREATION, UPDATES = 1, 4

#: Events that a rule on updates may name; fields of the account's own besides.
EVENTS = frozenset(
    {
        "status",
        "priority",
        "responder_id",
        "group_id",
        "note_type",
        "reply_sent",
        "customer_feedback",
        "ticket_action",
        "tag_names",
        "ticket_type",
    }
)
_ANY = ("--", "", None)
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
#: Who may set a rule off, by `performer.type`.
_AGENT, _REQUESTER, _EITHER, _SYSTEM = 1, 2, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """What set a rule off, in Freshdesk's own words: `name` is the event, `told` what stands behind it."""

    name: str
    told: str
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """As `{{triggered_event}}` has it, which is no JSON."""
        return f"{{{self.name}:{self.told}}}"


def add(db: Db, *, kind: int, body: Mapping[str, Any], now: str) -> int:
    """A new rule, with its webhook. Raises Wrong."""
    rule_id = next_id(db)
    position = db.execute("SELECT count(*) FROM automation WHERE type = ?", (kind,)).fetchone()[0] + 1
    columns = {"id": rule_id, "type": kind, "name": body["name"], "position": position}
    insert(db, "automation", **columns, active=1, body="{}", created_at=now, updated_at=now)
    change(db, rule_id, body, now)
    return rule_id


def change(db: Db, rule_id: int, body: Mapping[str, Any], now: str) -> None:
    """Replace what the rule is made of. Raises Wrong for what the sandbox cannot perform."""
    _check(body)
    query = "UPDATE automation SET name = ?, active = ?, body = ?, updated_at = ? WHERE id = ?"
    kept = {name: value for name, value in body.items() if name not in ("name", "active")}
    db.execute(query, (body["name"], int(bool(body.get("active", True))), to_json(kept), now, rule_id))
    action = body["actions"][0]
    webhooks.put(
        db,
        Webhook(
            id=webhook_id(rule_id),
            name=body["name"],
            endpoint=action["url"],
            subscriptions=(),
            http_method=action.get("request_type", "POST"),
            secret="",
            authentication={"headers": dict(action.get("custom_headers") or {})},
            created_by=people.SYSTEM_ID,
            created_at=now,
        ),
    )


def remove(db: Db, rule_id: int) -> None:
    webhooks.remove(db, webhook_id(rule_id))
    db.execute("DELETE FROM automation WHERE id = ?", (rule_id,))


def webhook_id(rule_id: int) -> str:
    return f"rule-{rule_id}"


def _check(body: Mapping[str, Any]) -> None:
    faults = []
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        faults.append(Fault(field="name", message="It should be a/an String", code="missing_field"))
    actions = body.get("actions")
    if not isinstance(actions, list) or len(actions) != 1 or not _performable(actions[0]):
        said = "The sandbox performs one action, trigger_webhook with url, request_type POST, JSON content and headers"
        faults.append(Fault(field="actions", message=said))
    names = [event.get("field_name") for event in body.get("events") or [] if isinstance(event, Mapping)]
    if any(name not in EVENTS and not str(name).startswith("cf_") for name in names):
        faults.append(Fault(field="events", message=f"It should be one of these values: '{','.join(sorted(EVENTS))}'"))
    if body.get("conditions"):
        faults.append(Fault(field="conditions", message="The sandbox performs rules without conditions only"))
    if faults:
        raise Wrong(faults)


def _performable(action: Any) -> bool:
    if not isinstance(action, Mapping) or action.get("field_name") != "trigger_webhook":
        return False
    good = str(action.get("url") or "").startswith(("http://", "https://")) and action.get("request_type") == "POST"
    headers = action.get("custom_headers") or {}
    # A header's line is split at colons, and headers at commas.
    plain = isinstance(headers, Mapping) and not any(mark in str(value) for value in headers.values() for mark in ",:")
    return good and plain and action.get("content_type", "JSON") in ("JSON", 1, "1")


def fire(db: Db, outcome: Outcome, now: str, told: Iterable[Triggered] | None = None) -> None:
    """Queue the webhook of every rule that this change sets off, each at most once and for the first of its events."""
    kind = CREATION if outcome.before is None and told is None else UPDATES
    triggered = list(told if told is not None else triggers(db, outcome))
    rows = db.execute("SELECT * FROM automation WHERE type = ? AND active ORDER BY position, id", (kind,)).fetchall()
    for row in rows:
        found = _set_off(db, row, outcome, triggered)
        if found is not None:
            _enqueue(db, row, outcome, found, now)


def _set_off(db: Db, row: Row, outcome: Outcome, triggered: list[Triggered]) -> Triggered | None:
    body = json.loads(row["body"])
    if row["type"] == CREATION:
        return triggered[0] if triggered else None
    if not _performed(db, body.get("performer") or {}, outcome):
        return None
    events = body.get("events") or []
    return next((one for one in triggered if any(_named(event, one) for event in events)), None)


def _performed(db: Db, performer: Mapping[str, Any], outcome: Outcome) -> bool:
    kind, actor = performer.get("type", _EITHER), people.get(db, outcome.actor_id)
    if actor.id == people.SYSTEM_ID:
        return bool(kind == _SYSTEM)
    chosen = performer.get("members")
    if chosen and actor.id not in chosen:
        return False
    return bool(kind in (_EITHER, _AGENT if actor.is_staff else _REQUESTER))


def _named(event: Mapping[str, Any], one: Triggered) -> bool:
    if event.get("field_name") != one.name:
        return False
    if event.get("value") not in _ANY and str(event["value"]) != one.told:
        return False
    wanted = ((event.get("from"), one.before), (event.get("to"), one.after))
    return all(asked in _ANY or str(asked) == real for asked, real in wanted)


def triggers(db: Db, outcome: Outcome) -> list[Triggered]:
    """What happened, in the order in which rules look at it."""
    found = [_triggered(db, outcome, one) for one in observed(outcome)]
    return [one for one in found if one is not None]


#: Happening -> event, for fields whose two values are told.
_FIELDS = {
    "status_changed": "status",
    "priority_changed": "priority",
    "group_assignment_changed": "group_id",
    "agent_assignment_changed": "responder_id",
    "type_changed": "ticket_type",
}


def _triggered(db: Db, outcome: Outcome, one: Happening) -> Triggered | None:
    if one.type == "created":
        return Triggered(name="ticket_action", told="created")
    if one.type == "comment_added":
        return _said(db, one)
    if one.type in _FIELDS:
        name = _FIELDS[one.type]
        before, after = (_number(db, name, one.details[side]) for side in ("previous", "current"))
        return Triggered(name=name, told=f"{{from:{before},to:{after}}}", before=before, after=after)
    if one.type == "tags_changed":
        return Triggered(name="tag_names", told="[" + ",".join(outcome.ticket.tags) + "]")
    return None


def _said(db: Db, one: Happening) -> Triggered:
    comment = one.details["comment"]
    if comment.public and not comment.custom.get("note"):
        return Triggered(name="reply_sent", told="sent")
    return Triggered(name="note_type", told="public" if comment.public else "private")


def _number(db: Db, name: str, value: Any) -> str:
    if name == "status":
        found = statuses.find(db, value)
        return str(found.code) if found else ""
    return str(priority_code(value)) if name == "priority" else "" if value is None else str(value)


def _enqueue(db: Db, row: Row, outcome: Outcome, found: Triggered, now: str) -> None:
    action = json.loads(row["body"])["actions"][0]
    content = action.get("content")
    template = content if isinstance(content, str) else json.dumps(content)
    letter = Letter(
        webhook_id=webhook_id(row["id"]),
        ticket_id=outcome.ticket.id,
        event_id=make_ulid(),
        event_type="rule",
        body=_rendered(db, template, outcome, found).encode(),
        actor_id=outcome.actor_id,
        ordered=False,
    )
    outbox.enqueue(db, letter, now)


def _rendered(db: Db, template: str, outcome: Outcome, found: Triggered) -> str:
    """Fill the placeholders. Nothing is escaped, so people's words can break the JSON around them, as at the vendor."""
    ticket, actor = outcome.ticket, people.get(db, outcome.actor_id)
    requester = people.get(db, ticket.requester_id)
    words = "" if outcome.comment is None else f"<div>{html.escape(outcome.comment.body)}</div>"
    values = {
        "triggered_event": found.text,
        "ticket.id": ticket.id,
        "ticket.subject": ticket.subject,
        "ticket.description_text": ticket.description,
        "ticket.status": statuses.label(db, living_status(ticket)),
        "ticket.priority": PRIORITY_LABELS[priority_code(ticket.priority)],
        "ticket.tags": ", ".join(ticket.tags),
        "ticket.group_id": ticket.group_id or "",
        "ticket.agent.id": ticket.assignee_id or "",
        "ticket.requester.id": requester.id,
        "ticket.requester.name": requester.name,
        "ticket.requester.email": requester.email or "",
        "ticket.latest_public_comment": words,
        "ticket.modified_on": ticket.updated_at,
        "event_performer.name": actor.name,
        "event_performer.email": actor.email or "",
    }
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], "")), template)
