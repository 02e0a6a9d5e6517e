"""Webhook deliveries over the API: what came, what became of it, and looking once more at what failed. No bodies."""

from __future__ import annotations

from typing import Any

from flask import abort
from marshmallow import Schema, fields

from app.clock import real_now
from app.store import deliveries
from app.store.models import DeliveryState, Role
from app.web.api.base import make_blueprint, operation, put_on_record
from app.web.api.paging import NextSchema, PageSchema, next_after
from app.web.api.values import Flag, HelpdeskId
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

blueprint = make_blueprint("deliveries", "Webhook deliveries")


class WantedSchema(PageSchema):
    state = fields.Enum(DeliveryState, by_value=True, load_default=None)
    ticket = HelpdeskId(load_default=None)


class DeliverySchema(Schema):
    id = fields.Integer(required=True)
    event_id = fields.String(required=True)
    type = fields.String(required=True)
    ticket_id = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class DeliveriesSchema(NextSchema):
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True, metadata={"description": "Newest first"})
    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": "All of them, by state"}
    )


class ReplaySchema(OnDeskSchema):
    dry_run = Flag(load_default=False, metadata={"description": "Only say what would happen"})


class ReplayedSchema(Schema):
    delivery_id = fields.Integer(required=True)
    ticket_id = fields.String(required=True, allow_none=True)
    queued = fields.Boolean(required=True, metadata={"description": "Its ticket is read again"})
    outcome = fields.String(required=True, metadata={"description": "In words"})


@operation(blueprint, "", role=Role.ADMIN, takes=WantedSchema, gives=DeliveriesSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Deliveries, newest first; `state=dead` are the dead letters."""
    wanted = deliveries.Filter(state=query["state"], ticket_id=query["ticket"])
    with parts().database.desk(find_desk(query["desk"], Role.ADMIN), read=True) as session:
        found = deliveries.recent(session, wanted, older_than=query["cursor"], limit=query["limit"])
        counts = deliveries.counts(session)
    return {
        "deliveries": found.deliveries,
        "counts": {state.value: number for state, number in counts.items()},
        "next": next_after(found.older_than),
    }


@operation(
    blueprint, "/<id:delivery_id>/replay", method="POST", role=Role.ADMIN, takes=ReplaySchema, gives=ReplayedSchema
)
def replay(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Look at a delivery's ticket once more as it is now; repeating it is harmless."""
    with parts().database.desk(find_desk(body["desk"], Role.ADMIN)) as session:
        done = deliveries.replay(session, [delivery_id], real_now(), dry_run=body["dry_run"])
        if not done:
            abort(404)
        queued = done[0].outcome is deliveries.ReplayOutcome.QUEUED
        if queued and not body["dry_run"]:
            put_on_record(session, "delivery.replayed", f"delivery:{delivery_id}")
    return {"delivery_id": delivery_id, "ticket_id": done[0].ticket_id, "queued": queued, "outcome": done[0].outcome}
