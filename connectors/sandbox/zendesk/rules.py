"""Triggers: conditions on a change, and the webhook request their author wrote. Only webhook actions are spoken."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox import outbox, people, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.changes import Outcome
from connectors.sandbox.outbox import Letter
from connectors.sandbox.refusals import Invalid, Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    id: int
    title: str
    active: bool
    conditions: Mapping[str, list[dict[str, Any]]]  #: {"all": [...], "any": [...]}
    actions: tuple[dict[str, Any], ...]
    created_at: str
    updated_at: str
    description: str | None = None


def trigger_of(row: Row) -> Trigger:
    values = {**dict(row), "active": bool(row["active"]), "conditions": json.loads(row["conditions"])}
    return Trigger(**{**values, "actions": tuple(json.loads(row["actions"]))})


def get(db: Db, trigger_id: int) -> Trigger:
    """Raises Missing."""
    row = db.execute("SELECT * FROM rule WHERE id = ?", (trigger_id,)).fetchone()
    if row is None:
        raise Missing(f"no trigger {trigger_id}")
    return trigger_of(row)


def add(db: Db, trigger: Trigger) -> Trigger:
    """Store a new trigger; its id is given here. Raises Invalid for what the sandbox could not honour."""
    _check(db, trigger.conditions, trigger.actions)
    trigger_id = next_id(db)
    insert(db, "rule", id=trigger_id, **_columns(trigger), created_at=trigger.created_at, updated_at=trigger.updated_at)
    return get(db, trigger_id)


def change(db: Db, trigger: Trigger) -> Trigger:
    """Store a changed trigger. Raises Missing, and Invalid for what the sandbox could not honour."""
    get(db, trigger.id)
    _check(db, trigger.conditions, trigger.actions)
    columns = {**_columns(trigger), "updated_at": trigger.updated_at}
    names = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE rule SET {names} WHERE id = ?", (*columns.values(), trigger.id))
    return get(db, trigger.id)


def _columns(trigger: Trigger) -> dict[str, Any]:
    return {
        "title": trigger.title,
        "active": int(trigger.active),
        "description": trigger.description,
        "conditions": to_json(trigger.conditions),
        "actions": to_json(list(trigger.actions)),
    }


def using(db: Db, webhook_id: str) -> list[str]:
    """The titles of the active triggers that call the webhook."""
    found = [trigger_of(row) for row in db.execute("SELECT * FROM rule WHERE active ORDER BY id")]
    return [one.title for one in found if any(webhook_id in action["value"] for action in one.actions)]


def remove(db: Db, trigger_id: int) -> None:
    """Raises Missing."""
    get(db, trigger_id)
    db.execute("DELETE FROM rule WHERE id = ?", (trigger_id,))


def _check(db: Db, conditions: Mapping[str, Sequence[Any]], actions: Sequence[dict[str, Any]]) -> None:
    wrong = {}
    for condition in [*conditions.get("all", []), *conditions.get("any", [])]:
        if not isinstance(condition, dict) or condition.get("field") not in _VALUES:
            wrong["conditions"] = f"Conditions: {condition!r} is not something the sandbox can watch"
    for action in actions:
        target = action.get("value") if action.get("field") == "notification_webhook" else None
        if not isinstance(target, list) or len(target) != 2:
            wrong["actions"] = "Actions: the sandbox knows only notification_webhook with [webhook id, body]"
        elif webhooks.find(db, target[0]) is None:
            wrong["actions"] = f"Actions: {target[0]} is not a webhook"
    if wrong:
        raise Invalid(wrong)


def fire(db: Db, account: SandboxAccount, outcome: Outcome, now: str, *, rated: bool = False) -> None:
    """Queue the webhook requests of every trigger that the change meets; `rated`: the change is a legacy rating."""
    for row in db.execute("SELECT * FROM rule WHERE active ORDER BY id").fetchall():
        trigger = trigger_of(row)
        if not _meets(db, trigger, outcome, rated):
            continue
        for action in trigger.actions:
            webhook_id, template = action["value"]
            letter = Letter(
                webhook_id=webhook_id,
                ticket_id=outcome.ticket.id,
                event_id=str(uuid.uuid4()),
                event_type=webhooks.TRIGGERED,
                body=_render(db, account, str(template), outcome).encode(),
                actor_id=outcome.actor_id,
            )
            outbox.enqueue(db, letter, now)


def _meets(db: Db, trigger: Trigger, outcome: Outcome, rated: bool) -> bool:
    every = trigger.conditions.get("all", [])
    some = trigger.conditions.get("any", [])
    return all(_holds(db, condition, outcome, rated) for condition in every) and (
        not some or any(_holds(db, condition, outcome, rated) for condition in some)
    )


def _holds(db: Db, condition: Mapping[str, Any], outcome: Outcome, rated: bool) -> bool:
    name, operator, wanted = condition["field"], condition.get("operator", "is"), condition.get("value")
    if name == "satisfaction_score":
        return rated is (operator == "changed")
    current = _VALUES[name](db, outcome)
    if operator in ("changed", "not_changed"):
        return _moved(outcome, name) is (operator == "changed")
    if name == "current_tags":
        shared = bool(set(str(wanted).split()) & set(current))
        return shared is (operator == "includes")
    if wanted == "not_relevant":
        return current is not None
    same = str(current).lower() == str(wanted).lower()
    return same is (operator in ("is", "value"))


def _moved(outcome: Outcome, name: str) -> bool:
    before = outcome.before
    return before is not None and bool(getattr(before, name, None) != getattr(outcome.ticket, name, None))


def _comment_is_public(_: Db, outcome: Outcome) -> str | None:
    return None if outcome.comment is None else str(outcome.comment.public).lower()


def _role(db: Db, outcome: Outcome) -> str:
    return "agent" if people.get(db, outcome.actor_id).is_staff else "end_user"


#: What a condition may look at.
_VALUES: Mapping[str, Callable[[Db, Outcome], Any]] = {
    "update_type": lambda _, outcome: "Create" if outcome.before is None else "Change",
    "comment_is_public": _comment_is_public,
    "role": _role,
    "status": lambda _, outcome: outcome.ticket.status,
    "priority": lambda _, outcome: outcome.ticket.priority,
    "group_id": lambda _, outcome: outcome.ticket.group_id,
    "assignee_id": lambda _, outcome: outcome.ticket.assignee_id,
    "requester_id": lambda _, outcome: outcome.ticket.requester_id,
    "current_tags": lambda _, outcome: outcome.ticket.tags,
    "satisfaction_score": lambda _, __: None,  # that it changed is all that is told
}


def _render(db: Db, account: SandboxAccount, template: str, outcome: Outcome) -> str:
    """Fill the placeholders; one nobody knows becomes nothing, as at the vendor. Nothing is escaped there either."""
    ticket = outcome.ticket
    actor = people.get(db, outcome.actor_id)
    values = {
        "ticket.id": ticket.id,
        "ticket.title": ticket.subject,
        "ticket.status": ticket.status.capitalize(),
        "ticket.external_id": ticket.external_id or "",
        "ticket.updated_at_with_timestamp": ticket.updated_at,
        "ticket.created_at_with_timestamp": ticket.created_at,
        "ticket.account": account.subdomain,
        "ticket.latest_comment.id": "" if outcome.comment is None else outcome.comment.id,
        "current_user.id": actor.id,
        "current_user.name": actor.name,
        "current_user.email": actor.email or "",
    }
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], "")), template)
