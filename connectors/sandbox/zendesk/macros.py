"""The macro and ticket field endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from connectors.sandbox import macros, tickets
from connectors.sandbox.macros import Effect, Macro, NewField, TicketField
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.store import Row
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.zendesk.answers import Listing, answer, api_url, desk, paged, payload
from connectors.sandbox.zendesk.shapes import ticket_json

api = Blueprint("zendesk_macros", __name__)

#: A ticket nobody has, for the effect of a macro by itself.
_BLANK = Ticket(
    id=0,
    subject="",
    description="",
    status="",
    requester_id=0,
    submitter_id=0,
    created_at="1970-01-01T00:00:00Z",
    updated_at="1970-01-01T00:00:00Z",
)


def _macro(macro: Macro) -> dict[str, Any]:
    return {
        "url": api_url(f"macros/{macro.id}.json"),
        "id": macro.id,
        "title": macro.title,
        "raw_title": macro.title,
        "active": macro.active,
        "created_at": macro.created_at,
        "updated_at": macro.updated_at,
        "default": False,
        "position": 9999,
        "description": macro.description,
        "actions": list(macro.actions),
        "restriction": None,
    }


def _field(field: TicketField) -> dict[str, Any]:
    return {
        "url": api_url(f"ticket_fields/{field.id}.json"),
        "id": field.id,
        "type": field.type,
        "title": field.title,
        "raw_title": field.title,
        "description": field.title,
        "raw_description": field.title,
        "position": 9999,
        "active": True,
        "required": False,
        "collapsed_for_agents": False,
        "regexp_for_validation": None,
        "title_in_portal": field.title,
        "raw_title_in_portal": field.title,
        "visible_in_portal": False,
        "editable_in_portal": False,
        "required_in_portal": False,
        "tag": field.tag,
        "created_at": field.created_at,
        "updated_at": field.updated_at,
        "removable": field.removable,
        "key": None,
        "agent_description": field.agent_description,
        **({"custom_field_options": list(field.options)} if field.options else {}),
    }


def _show_macro(row: Row) -> dict[str, Any]:
    return _macro(macros.macro_of(row))


def _show_field(row: Row) -> dict[str, Any]:
    return _field(macros.field_of(row))


@api.get("/macros", defaults={"where": "1"})
@api.get("/macros/active", defaults={"where": "active"})
def index(where: str) -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="macros", table="macro", show=_show_macro, where=where)))


@api.get("/macros/<int:macro_id>")
def show(macro_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"macro": _macro(macros.get(db, macro_id))})


@api.post("/macros")
def create() -> Response:
    body = payload("macro")
    if "title" not in body or "actions" not in body:
        raise Malformed("a macro needs a title and actions of {field, value}")
    found, helpdesk = _macro_members(body), desk()
    with helpdesk.file.writing() as db:
        found.pop("active", None)
        macro = macros.add(db, now=helpdesk.now(), **found)
    return answer({"macro": _macro(macro)}, 201)


@api.put("/macros/<int:macro_id>")
def update(macro_id: int) -> Response:
    found, helpdesk = _macro_members(payload("macro")), desk()
    with helpdesk.file.writing() as db:
        before = macros.get(db, macro_id)
        macro = macros.change(db, replace(before, **found, updated_at=helpdesk.now()))
    return answer({"macro": _macro(macro)})


def _macro_members(body: dict[str, Any]) -> dict[str, Any]:
    """What of a macro may be set. Raises Malformed."""
    found = {name: body[name] for name in ("title", "actions", "description", "active") if body.get(name) is not None}
    actions = found.get("actions", [])
    good = isinstance(actions, list) and all(
        isinstance(one, dict) and {"field", "value"} <= set(one) for one in actions
    )
    texts = [found.get(name, "") for name in ("title", "description")]
    if not good or not all(isinstance(text, str) for text in texts) or not isinstance(found.get("active", True), bool):
        raise Malformed("a macro needs a title and actions of {field, value}")
    return found


@api.delete("/macros/<int:macro_id>")
def delete(macro_id: int) -> Response:
    with desk().file.writing() as db:
        macros.get(db, macro_id)
        db.execute("DELETE FROM macro WHERE id = ?", (macro_id,))
    return Response(status=204)


@api.get("/macros/<int:macro_id>/apply")
def apply(macro_id: int) -> Response:
    """Only what the macro would set."""
    with desk().file.reading() as db:
        found = macros.effect(macros.get(db, macro_id), _BLANK)
    blank = ticket_json(_BLANK)
    moved = {name: value for name, value in ticket_json(found.ticket).items() if value != blank[name]}
    return answer({"result": {"ticket": {**moved, **_words(found)}}})


@api.get("/tickets/<int:ticket_id>/macros/<int:macro_id>/apply")
def apply_to_ticket(ticket_id: int, macro_id: int) -> Response:
    """The whole ticket as it would be; nothing is changed."""
    with desk().file.reading() as db:
        found = macros.effect(macros.get(db, macro_id), tickets.get(db, ticket_id))
    return answer({"result": {"ticket": {**ticket_json(found.ticket), **_words(found)}}})


def _words(found: Effect) -> dict[str, Any]:
    if found.text is None:
        return {}
    return {"comment": {"body": found.text, "public": found.public, "scoped_body": [["channel:all", found.text]]}}


@api.get("/ticket_fields")
def fields() -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="ticket_fields", table="ticket_field", show=_show_field)))


@api.get("/ticket_fields/<int:field_id>")
def show_field(field_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"ticket_field": _field(macros.get_field(db, field_id))})


#: Of custom fields; those that come with an account have types of their own.
_TYPES = ("text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "tagger", "multiselect", "lookup")


@api.post("/ticket_fields")
def create_field() -> Response:
    body = payload("ticket_field")
    found = _field_members(body)
    if "title" not in found or body.get("type") not in _TYPES:
        raise Malformed("a ticket field needs a title and a type")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        field = macros.add_field(db, NewField(type=body["type"], tag=body.get("tag"), **found), helpdesk.now())
    return answer({"ticket_field": _field(field)}, 201)


@api.put("/ticket_fields/<int:field_id>")
def update_field(field_id: int) -> Response:
    found, helpdesk = _field_members(payload("ticket_field")), desk()
    with helpdesk.file.writing() as db:
        field = replace(macros.get_field(db, field_id), **found, updated_at=helpdesk.now())
        field = macros.change_field(db, field)
    return answer({"ticket_field": _field(field)})


def _field_members(body: dict[str, Any]) -> dict[str, Any]:
    """What of a ticket field may be set. Raises Malformed."""
    found: dict[str, Any] = {name: body[name] for name in ("title", "agent_description") if body.get(name) is not None}
    if not all(isinstance(text, str) for text in found.values()):
        raise Malformed("title and agent_description must be texts")
    options = body.get("custom_field_options")
    if options is not None:
        if not isinstance(options, list) or not all(isinstance(one, dict) for one in options):
            raise Malformed("custom_field_options must be a list of {name, value}")
        found["options"] = tuple(options)
    return found


@api.delete("/ticket_fields/<int:field_id>")
def delete_field(field_id: int) -> Response:
    with desk().file.writing() as db:
        if not macros.get_field(db, field_id).removable:
            raise Malformed("system fields stay")
        db.execute("DELETE FROM ticket_field WHERE id = ?", (field_id,))
    return Response(status=204)
