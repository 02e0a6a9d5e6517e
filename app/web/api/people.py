"""People over the API: who works on a desk, and as what. They are invited and changed on their page."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.clock import real_now
from app.store import memberships
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

blueprint = make_blueprint("people", "People who work on a desk")


class ColleagueSchema(Schema):
    account_id = fields.Integer(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True, metadata={"description": "agent, lead, admin or auditor"})
    everywhere = fields.Boolean(required=True, metadata={"description": "The role is that of every desk"})
    since = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, allow_none=True)


class PeopleSchema(Schema):
    people = fields.List(fields.Nested(ColleagueSchema), required=True)


@operation(blueprint, "", role=Role.ADMIN, takes=OnDeskSchema, gives=PeopleSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Everybody with a role on the desk."""
    desk_id = find_desk(query["desk"], Role.ADMIN)
    with parts().database.desk(desk_id, read=True) as session:
        return {"people": memberships.of_desk(session, desk_id, real_now())}
