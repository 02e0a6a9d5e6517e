"""The scores of a ticket over time, over the API; numbers alone, since evidence quotes the customer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.store import listings
from app.store.listings import Stretch
from app.store.models import Role
from app.web.api.base import operation
from app.web.api.paging import NextSchema, PageSchema, page
from app.web.api.tickets import blueprint, find_ticket
from app.web.api.which import find_desk
from app.web.context import parts


class GivenScoreSchema(Schema):
    at = fields.AwareDateTime(required=True)
    because = fields.String(required=True, metadata={"description": "message, time or rating"})
    message_id = fields.String(required=True, allow_none=True)
    score = fields.Integer(required=True)
    state = fields.String(required=True)
    provisional = fields.Boolean(required=True)
    p_satisfied = fields.Float(required=True)
    p_satisfied_now = fields.Float(required=True)
    trend = fields.Float(required=True)
    base_logit = fields.Float(required=True)
    p_uncalibrated = fields.Float(required=True)
    model = fields.String(required=True)
    calibrated = fields.Boolean(required=True)
    factors = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        required=True,
        metadata={"description": "Signal to logit; with base_logit they add up to p_uncalibrated"},
    )


class ScoresSchema(NextSchema):
    scores = fields.List(fields.Nested(GivenScoreSchema), required=True, metadata={"description": "Newest first"})


@operation(blueprint, "/<ticket_id>/scores", role=Role.AGENT, takes=PageSchema, gives=ScoresSchema)
def scores(query: dict[str, Any], ticket_id: str) -> dict[str, Any]:
    """Every score that a ticket was given, with what it was made of."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        tracked = find_ticket(session, ticket_id)
        found = listings.scores(session, tracked.id, Stretch(limit=query["limit"] + 1, after=query["cursor"]))
    rows, following = page(found, query["limit"], lambda score: score.id)
    return {"scores": rows, "next": following}
