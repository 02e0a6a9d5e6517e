"""The trigger endpoints; what triggers do is in `rules`."""

from __future__ import annotations

from dataclasses import replace
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
        "description": trigger.description,
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
    body, helpdesk = payload("trigger"), desk()
    now = helpdesk.now()
    found = _members(body)
    if not {"title", "actions", "conditions"} <= set(found):
        raise Malformed("a trigger needs a title, actions, and conditions with the lists all and any")
    with helpdesk.file.writing() as db:
        wanted = rules.Trigger(**{"id": 0, "active": True, "created_at": now, "updated_at": now, **found})
        trigger = rules.add(db, wanted)
    return answer({"trigger": _trigger(trigger)}, 201)


@api.put("/triggers/<int:trigger_id>")
def update(trigger_id: int) -> Response:
    found, helpdesk = _members(payload("trigger")), desk()
    with helpdesk.file.writing() as db:
        trigger = replace(rules.get(db, trigger_id), **found, updated_at=helpdesk.now())
        trigger = rules.change(db, trigger)
    return answer({"trigger": _trigger(trigger)})


def _members(body: dict[str, Any]) -> dict[str, Any]:
    """What of a trigger may be set. Raises Malformed."""
    found: dict[str, Any] = {name: body[name] for name in ("title", "description") if body.get(name) is not None}
    if not all(isinstance(text, str) for text in found.values()):
        raise Malformed("title and description must be texts")
    if isinstance(body.get("active"), bool):
        found["active"] = body["active"]
    if "actions" in body:
        found["actions"] = tuple(_objects(body["actions"], "actions"))
    # Conditions may stand in an object of their own or directly in the trigger.
    given = body.get("conditions", body)
    if "conditions" in body or {"all", "any"} & set(body):
        found["conditions"] = conditions(given)
    return found


def conditions(given: Any) -> dict[str, list[dict[str, Any]]]:
    """The lists all and any of a rule's conditions. Raises Malformed."""
    if not isinstance(given, dict):
        raise Malformed("conditions must be an object with the lists all and any")
    return {name: _objects(given.get(name) or [], name) for name in ("all", "any")}


def _objects(given: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Malformed(f"{name} must be a list of objects with field and value")
    return given


@api.delete("/triggers/<int:trigger_id>")
def delete(trigger_id: int) -> Response:
    with desk().file.writing() as db:
        rules.remove(db, trigger_id)
    return Response(status=204)
