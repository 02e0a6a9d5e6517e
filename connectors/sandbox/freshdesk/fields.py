"""Ticket fields: the account's own by their `cf_` names, the vendor's default ones, and making new ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import macros, statuses
from connectors.sandbox.freshdesk.answers import answer, body, desk, only, require_admin
from connectors.sandbox.freshdesk.codes import PRIORITY_LABELS
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.macros import NewField, TicketField
from connectors.sandbox.store import Db

api = Blueprint("freshdesk_fields", __name__)

#: Kind of a field -> the JSON types that a value of it may have.
VALUES: Mapping[str, tuple[type, ...]] = {
    "custom_text": (str,),
    "custom_paragraph": (str,),
    "custom_dropdown": (str,),
    "custom_date": (str,),
    "custom_checkbox": (bool,),
    "custom_number": (int,),
    "custom_decimal": (int, float),
}
_TEXT = "custom_text"
_TAKEN = Fault(field="label", message="It should be a unique value", code="duplicate_value")
_DEFAULTS = ("requester", "subject", "ticket_type", "source", "status", "priority", "group", "agent", "description")
_MEMBERS = frozenset(
    {
        "label",
        "label_for_customers",
        "type",
        "choices",
        "position",
        "required_for_closure",
        "required_for_agents",
        "required_for_customers",
        "customers_can_edit",
        "displayed_to_customers",
    }
)


def kind_of(field: TicketField) -> str:
    return field.type if field.type.startswith("custom_") else _TEXT


def name_of(title: str) -> str:
    """The name under which tickets hold the field: made from its label, and never changed."""
    return f"cf_{re.sub(r'[^a-z0-9]+', '_', title.lower()).strip('_')}"


def own_fields(db: Db) -> list[TicketField]:
    return [macros.field_of(row) for row in db.execute("SELECT * FROM ticket_field WHERE removable ORDER BY id")]


def field_names(db: Db) -> dict[int, str]:
    """The account's own fields, id -> name."""
    return {field.id: name_of(field.title) for field in own_fields(db)}


def _own(field: TicketField, position: int) -> dict[str, Any]:
    return {
        "id": field.id,
        "name": name_of(field.title),
        "label": field.title,
        "label_for_customers": field.agent_description or field.title,
        "type": kind_of(field),
        "default": False,
        "position": position,
        "required_for_closure": False,
        "required_for_agents": False,
        "required_for_customers": False,
        "customers_can_edit": False,
        "displayed_to_customers": False,
        "created_at": field.created_at,
        "updated_at": field.updated_at,
        **({"choices": [choice["value"] for choice in field.options]} if field.options else {}),
    }


def _default(db: Db, name: str, position: int) -> dict[str, Any]:
    shown = {
        "id": position,
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "type": f"default_{name}",
        "default": True,
        "position": position,
    }
    if name == "status":
        # What agents see, and what customers do.
        shown["choices"] = {str(one.code): [one.label, one.label] for one in statuses.everything(db)}
    elif name == "priority":
        shown["choices"] = {label: code for code, label in PRIORITY_LABELS.items()}
    return shown


def _all(db: Db) -> list[dict[str, Any]]:
    default = [_default(db, name, position) for position, name in enumerate(_DEFAULTS, start=1)]
    own = [_own(field, position) for position, field in enumerate(own_fields(db), start=len(default) + 1)]
    return [*default, *own]


@api.get("/ticket_fields")
@api.get("/admin/ticket_fields")
def index() -> Response:
    """Everything at once; pages further on are empty."""
    only({"type", "page", "per_page"})
    wanted = request.args.get("type")
    with desk().file.reading() as db:
        found = [field for field in _all(db) if wanted in (None, field["type"])]
    return answer(found if request.args.get("page", "1") == "1" else [])


@api.post("/admin/ticket_fields")
def create() -> Response:
    require_admin()
    wanted, helpdesk = body(), desk()
    only(_MEMBERS, given=wanted)
    title, kind = wanted.get("label"), wanted.get("type")
    faults = []
    if not isinstance(title, str) or not title.strip():
        faults.append(Fault(field="label", message="It should be a/an String", code="missing_field"))
    if kind not in VALUES:
        faults.append(Fault(field="type", message=f"It should be one of these values: '{','.join(VALUES)}'"))
    if faults:
        raise Wrong(faults)
    with helpdesk.file.writing() as db:
        if name_of(str(title)) in field_names(db).values():
            raise Wrong(
                [Fault(field="label", message="It should be a unique value", code="duplicate_value")], status=409
            )
        options = [{"value": choice} for choice in wanted.get("choices") or []]
        shown_as = wanted.get("label_for_customers")
        new = NewField(title=str(title), type=str(kind), options=options, agent_description=shown_as)
        field = macros.add_field(db, new, helpdesk.now())
        shown = _own(field, len(_all(db)))
    return answer(shown, 201)


@api.delete("/admin/ticket_fields/<int:field_id>")
def delete(field_id: int) -> Response:
    require_admin()
    with desk().file.writing() as db:
        if macros.get_field(db, field_id).removable:
            db.execute("DELETE FROM ticket_field WHERE id = ?", (field_id,))
            return Response(status=204)
    raise Wrong([Fault(field="id", message="Default fields cannot be deleted")])
