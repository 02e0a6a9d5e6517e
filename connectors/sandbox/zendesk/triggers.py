"""The trigger endpoints; what triggers do is in `rules`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connectors.sandbox.refusals import Malformed
from connectors.sandbox.store import Row
from connectors.sandbox.zendesk import rules
from connectors.sandbox.zendesk.answers import Listing, answer, api_url, desk, paged, payload

api = Blueprint("zendesk_triggers", __name__)


def _trigger(trigger: rules.Trigger) -> dict[str, Any]:
    return {
        "url": api_url(f"triggers/{trigger.id}.json"),
        "id": trigger.id,
        "title": trigger.title,
        "raw_title": trigger.title,
        "active": trigger.active,
        "created_at": trigger.created_at,
        "updated_at": trigger.updated_at,
        "default": False,
        "actions": list(trigger.actions),
        "conditions": dict(trigger.conditions),
        "description": None,
        "position": 1,
        "category_id": str(desk().account.form_id),
    }


def _show(row: Row) -> dict[str, Any]:
    return _trigger(rules.trigger_of(row))


@api.get("/triggers", defaults={"where": "1"})
@api.get("/triggers/active", defaults={"where": "active"})
def index(where: str) -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="triggers", table="rule", show=_show, where=where)))


@api.get("/triggers/<int:trigger_id>")
def show(trigger_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"trigger": _trigger(rules.get(db, trigger_id))})


@api.post("/triggers")
def create() -> Response:
    body = payload("trigger")
    title, actions = body.get("title"), body.get("actions")
    # Conditions may stand in an object of their own or directly in the trigger.
    given = body.get("conditions", body)
    conditions = {name: given.get(name) or [] for name in ("all", "any")} if isinstance(given, dict) else {}
    lists = [actions, *conditions.values()]
    if not isinstance(title, str) or not isinstance(actions, list) or not all(isinstance(x, list) for x in lists):
        raise Malformed("a trigger needs a title, actions, and conditions with the lists all and any")
    if not all(isinstance(action, dict) for action in actions):
        raise Malformed("actions must be objects with field and value")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        trigger = rules.add(db, title=title, conditions=conditions, actions=actions, now=helpdesk.now())
    return answer({"trigger": _trigger(trigger)}, 201)


@api.delete("/triggers/<int:trigger_id>")
def delete(trigger_id: int) -> Response:
    with desk().file.writing() as db:
        rules.remove(db, trigger_id)
    return Response(status=204)
