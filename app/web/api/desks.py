"""Desks over the API: which there are for the caller, and how one stands. Never anything secret."""

from __future__ import annotations

from typing import Any

from flask import abort
from marshmallow import Schema, fields

from app.store import deliveries, desks, queue
from app.store.accounts import reaches
from app.store.database import Purpose
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.which import find_desk
from app.web.context import find_visitor, parts

blueprint = make_blueprint("desks", "Connected helpdesk accounts")


class NothingSchema(Schema):
    """An operation without parameters."""


class DeskSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "zendesk or freshdesk"})


class DesksSchema(Schema):
    desks = fields.List(fields.Nested(DeskSchema), required=True)


class WholeDeskSchema(DeskSchema):
    state = fields.String(required=True, metadata={"description": "active or paused"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it is paused"})
    blocked_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The helpdesk asked us to wait"}
    )
    last_read_at = fields.AwareDateTime(required=True, allow_none=True)
    last_delivery_at = fields.AwareDateTime(required=True, allow_none=True)
    tickets = fields.Integer(required=True, metadata={"description": "Under watch"})
    scored = fields.Integer(required=True)
    unscored = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": "By reason"}
    )
    dead_tickets = fields.Integer(required=True, metadata={"description": "Given up after repeated errors"})
    oldest_due_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Of the ticket that waits longest to be read"}
    )
    deliveries = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": "By state"}
    )


@operation(blueprint, "", role=Role.AGENT, takes=NothingSchema, gives=DesksSchema)
def index(_query: dict[str, Any]) -> dict[str, Any]:
    """The desks that the caller works on."""
    visitor = find_visitor()
    if visitor is not None:
        places = [place for place in visitor.places if reaches(place.role, Role.AGENT, reads=True)]
        return {"desks": [{"id": one.desk_id, "name": one.name, "kind": one.kind} for one in places]}
    with parts().database.system(Purpose.OPERATE, read=True) as session:
        return {"desks": desks.all_of(session)}


@operation(blueprint, "/<id:desk_id>", role=Role.ADMIN, takes=NothingSchema, gives=WholeDeskSchema)
def show(_query: dict[str, Any], desk_id: int) -> dict[str, Any]:
    """How a desk stands: what came in, what is scored, what waits. The helpdesk is not asked."""
    with parts().database.desk(find_desk(desk_id, Role.ADMIN), read=True) as session:
        try:
            desk = desks.get(session, desk_id)
        except desks.NotFound:
            abort(404)
        coverage, backlog = queue.coverage(session), deliveries.backlog(session)
        counts = deliveries.counts(session)
        received = deliveries.last_received_at(session)
    named = ("id", "name", "kind", "state", "reason", "blocked_until", "last_read_at")
    return {
        **{name: getattr(desk, name) for name in named},
        "last_delivery_at": received,
        "tickets": coverage.eligible,
        "scored": coverage.scored,
        "unscored": coverage.reasons,
        "dead_tickets": backlog.dead_tickets,
        "oldest_due_at": backlog.oldest_due_at,
        "deliveries": {state.value: number for state, number in counts.items()},
    }
