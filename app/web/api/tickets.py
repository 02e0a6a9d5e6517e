"""Tickets over the API: a ticket's score as it stands."""

from __future__ import annotations

from typing import Any

from flask import abort
from marshmallow import Schema, fields

from app.store import accounts, desks, tracked_tickets
from app.store.database import Purpose
from app.store.models import Role, TrackedTicket
from app.web.api.base import make_blueprint, operation
from app.web.context import find_visitor, parts

blueprint = make_blueprint("tickets", "Tickets under watch")


class WhichDeskSchema(Schema):
    desk = fields.Integer(
        load_default=None,
        metadata={"description": "The desk's id; may be left out where there is one, or by its signed-in admin"},
    )


class ScoreSchema(Schema):
    ticket_id = fields.String(required=True)
    score = fields.Integer(allow_none=True, required=True, metadata={"description": "0 to 100"})
    p_satisfied = fields.Float(allow_none=True, required=True)
    state = fields.String(allow_none=True, required=True)
    level = fields.String(allow_none=True, required=True)
    direction = fields.String(allow_none=True, required=True)
    provisional = fields.Boolean(required=True, metadata={"description": "The direction is not known yet"})
    scored_at = fields.AwareDateTime(allow_none=True, required=True)
    unscored_reason = fields.String(allow_none=True, required=True)


@operation(blueprint, "/<ticket_id>/score", role=Role.ADMIN, takes=WhichDeskSchema, gives=ScoreSchema)
def score(query: dict[str, Any], ticket_id: str) -> TrackedTicket:
    """The score of a ticket as it stands, or the reason why there is none."""
    with parts().database.desk(_desk(query["desk"]), read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, ticket_id)
    if tracked is None:
        abort(404)
    return tracked


def _desk(wanted: int | None) -> int:
    """The desk that is meant. A signed-in person reaches their own only; the operator reaches all."""
    visitor = find_visitor()
    if visitor is not None:
        place = visitor.place if wanted is None else visitor.place_on(wanted)
        if place is None or accounts.RANK[place.role] < accounts.RANK[Role.ADMIN]:
            abort(404)
        return place.desk_id
    with parts().database.system(Purpose.OPERATE, read=True) as session:
        known = [desk.id for desk in desks.all_of(session)]
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        abort(404)
    return wanted
