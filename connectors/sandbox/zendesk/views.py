"""The view endpoints: saved conditions, and the tickets that meet them now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response

from connectors.sandbox import tickets
from connectors.sandbox.refusals import Invalid, Malformed, Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.zendesk.answers import Listing, answer, api_url, desk, paged, payload
from connectors.sandbox.zendesk.shapes import ticket_json
from connectors.sandbox.zendesk.triggers import conditions

api = Blueprint("zendesk_views", __name__)

_ORDER = ("new", "open", "pending", "hold", "solved", "closed")


def _view(row: Row) -> dict[str, Any]:
    return {
        "url": api_url(f"views/{row['id']}.json"),
        "id": row["id"],
        "title": row["title"],
        "raw_title": row["title"],
        "active": bool(row["active"]),
        "description": row["description"],
        "position": 1,
        "default": False,
        "restriction": None,
        "execution": {"columns": [], "fields": [], "custom_fields": []},
        "conditions": json.loads(row["conditions"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _get(db: Db, view_id: int) -> Row:
    row: Row | None = db.execute("SELECT * FROM listing WHERE id = ?", (view_id,)).fetchone()
    if row is None:
        raise Missing(f"no view {view_id}")
    return row


def _members(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a view may be set; its lists may stand in `conditions` or directly in it. Raises Malformed, Invalid."""
    found: dict[str, Any] = {name: body[name] for name in ("title", "description") if body.get(name) is not None}
    if not all(isinstance(text, str) for text in found.values()):
        raise Malformed("title and description must be texts")
    if isinstance(body.get("active"), bool):
        found["active"] = int(body["active"])
    if {"conditions", "all", "any"} & set(body):
        wanted = conditions(body.get("conditions", dict(body)))
        _check(wanted)
        found["conditions"] = to_json(wanted)
    return found


def _check(wanted: Mapping[str, list[dict[str, Any]]]) -> None:
    if not wanted["all"]:
        raise Invalid({"base": "Conditions: a view needs at least one that all tickets meet"})
    for one in (*wanted["all"], *wanted["any"]):
        if (one.get("field"), one.get("operator")) not in _MEETS:
            raise Invalid({"conditions": f"Conditions: {one!r} is not something the sandbox can look for"})


@api.get("/views")
def index() -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="views", table="listing", show=_view)))


@api.get("/views/<int:view_id>")
def show(view_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"view": _view(_get(db, view_id))})


@api.post("/views")
def create() -> Response:
    found, helpdesk = _members(payload("view")), desk()
    if not {"title", "conditions"} <= set(found):
        raise Malformed("a view needs a title and conditions")
    now = helpdesk.now()
    with helpdesk.file.writing() as db:
        view_id = next_id(db)
        insert(db, "listing", **{"id": view_id, "active": 1, "created_at": now, "updated_at": now, **found})
        row = _get(db, view_id)
    return answer({"view": _view(row)}, 201)


@api.put("/views/<int:view_id>")
def update(view_id: int) -> Response:
    helpdesk = desk()
    found = {**_members(payload("view")), "updated_at": helpdesk.now()}
    with helpdesk.file.writing() as db:
        _get(db, view_id)
        names = ", ".join(f"{name} = ?" for name in found)
        db.execute(f"UPDATE listing SET {names} WHERE id = ?", (*found.values(), view_id))
        row = _get(db, view_id)
    return answer({"view": _view(row)})


@api.delete("/views/<int:view_id>")
def delete(view_id: int) -> Response:
    with desk().file.writing() as db:
        _get(db, view_id)
        db.execute("DELETE FROM listing WHERE id = ?", (view_id,))
    return Response(status=204)


@api.get("/views/<int:view_id>/tickets")
def tickets_of(view_id: int) -> Response:
    """The tickets that meet the view's conditions, on one page."""
    with desk().file.reading() as db:
        wanted = json.loads(_get(db, view_id)["conditions"])
        rows = db.execute("SELECT id FROM ticket WHERE status != 'deleted' ORDER BY id").fetchall()
        found = [one for one in (tickets.get(db, row["id"]) for row in rows) if _meets(one, wanted)]
        shown = [ticket_json(one) for one in found]
    return answer({"tickets": shown, "count": len(shown), "next_page": None, "previous_page": None})


def _meets(ticket: Ticket, wanted: Mapping[str, list[dict[str, Any]]]) -> bool:
    def holds(one: Mapping[str, Any]) -> bool:
        return _MEETS[one["field"], one["operator"]](ticket, str(one.get("value") or ""))

    return all(map(holds, wanted["all"])) and (not wanted["any"] or any(map(holds, wanted["any"])))


def _place(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else len(_ORDER)


#: Field and operator of a condition -> whether a ticket meets it.
_MEETS: Mapping[tuple[Any, Any], Callable[[Ticket, str], bool]] = {
    ("status", "is"): lambda ticket, value: ticket.status == value,
    ("status", "is_not"): lambda ticket, value: ticket.status != value,
    ("status", "less_than"): lambda ticket, value: _place(ticket.status) < _place(value),
    ("status", "greater_than"): lambda ticket, value: _place(ticket.status) > _place(value),
    ("current_tags", "includes"): lambda ticket, value: bool(set(value.split()) & set(ticket.tags)),
    ("current_tags", "not_includes"): lambda ticket, value: not set(value.split()) & set(ticket.tags),
}
