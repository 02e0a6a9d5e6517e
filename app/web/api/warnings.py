"""Early warnings over the API: open tickets that are about to turn, with the time that is left. No customer's words."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.store import outlooks
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.paging import Cursor, NextSchema, next_after
from app.web.api.values import HelpdeskId
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

blueprint = make_blueprint("warnings", "Early warnings")

MOST_PAGES = 1_000_000


class WantedSchema(OnDeskSchema):
    group = HelpdeskId(load_default=None, metadata={"description": "Only tickets that this group has"})
    cursor = Cursor(load_default=None, metadata={"description": "The `next` of the page before; without it, the first"})


class WarningSchema(Schema):
    ticket_id = fields.String(required=True)
    state = fields.String(required=True)
    provisional = fields.Boolean(required=True)
    score = fields.Integer(required=True)
    cause = fields.String(required=True, allow_none=True)
    churn_risk = fields.Float(required=True, allow_none=True)
    worsening_since = fields.AwareDateTime(required=True, allow_none=True)
    turns_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When it turns poor if nobody answers; null: waiting alone does not do it"},
    )
    waiting_since = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The first message of theirs without an answer"}
    )
    assignee_id = fields.String(required=True, allow_none=True)


class WarningsSchema(NextSchema):
    warnings = fields.List(fields.Nested(WarningSchema), required=True, metadata={"description": "The nearest first"})
    total = fields.Integer(required=True)


@operation(blueprint, "", role=Role.AGENT, takes=WantedSchema, gives=WarningsSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Open tickets that are about to turn. The order is of this moment: a ticket may change its page."""
    wanted = min((query["cursor"] or 0) + 1, MOST_PAGES)
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        found = outlooks.about_to_turn(session, group_id=query["group"], page=wanted)
    more = found.page * outlooks.PAGE < found.total
    return {"warnings": found.items, "total": found.total, "next": next_after(found.page if more else None)}
