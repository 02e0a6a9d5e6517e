"""The endpoints of automation rules, by type: 1 on creation, 4 on updates. What rules do is in `rules`."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response

from connectors.sandbox.freshdesk import rules
from connectors.sandbox.freshdesk.answers import Listing, answer, body, desk, only, paged, require_admin
from connectors.sandbox.freshdesk.shapes import automation_json
from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row

api = Blueprint("freshdesk_automations", __name__)

_MEMBERS = frozenset({"name", "description", "active", "performer", "events", "conditions", "operator", "actions"})


def _show(_: Db, row: Row) -> dict[str, Any]:
    return automation_json(row)


def _find(db: Db, kind: int, rule_id: int) -> Row:
    row: Row | None = db.execute("SELECT * FROM automation WHERE type = ? AND id = ?", (kind, rule_id)).fetchone()
    if row is None:
        raise Missing(f"no rule {rule_id}")
    return row


def _type(kind: int) -> int:
    """Raises Missing for a list that is not spoken here, such as time triggers."""
    if kind not in (rules.CREATION, rules.UPDATES):
        raise Missing(f"no automations of type {kind}")
    return kind


@api.get("/automations/<int:kind>/rules")
def index(kind: int) -> Response:
    require_admin()
    only({"page", "per_page"})
    with desk().file.reading() as db:
        return paged(db, Listing(table="automation", show=_show, where="type = ?", params=(_type(kind),)))


@api.post("/automations/<int:kind>/rules")
def create(kind: int) -> Response:
    require_admin()
    given, helpdesk = body(), desk()
    only(_MEMBERS, given=given)
    with helpdesk.file.writing() as db:
        rule_id = rules.add(db, kind=_type(kind), body=given, now=helpdesk.now())
        return answer(automation_json(_find(db, kind, rule_id)), 201)


@api.get("/automations/<int:kind>/rules/<int:rule_id>")
def show(kind: int, rule_id: int) -> Response:
    require_admin()
    with desk().file.reading() as db:
        return answer(automation_json(_find(db, kind, rule_id)))


@api.put("/automations/<int:kind>/rules/<int:rule_id>")
def update(kind: int, rule_id: int) -> Response:
    require_admin()
    given, helpdesk = body(), desk()
    only(_MEMBERS, given=given)
    with helpdesk.file.writing() as db:
        row = _find(db, kind, rule_id)
        whole = {"name": row["name"], "active": bool(row["active"]), **json.loads(row["body"]), **given}
        rules.change(db, rule_id, whole, helpdesk.now())
        return answer(automation_json(_find(db, kind, rule_id)))


@api.delete("/automations/<int:kind>/rules/<int:rule_id>")
def delete(kind: int, rule_id: int) -> Response:
    require_admin()
    with desk().file.writing() as db:
        _find(db, kind, rule_id)
        rules.remove(db, rule_id)
    return Response(status=204)
