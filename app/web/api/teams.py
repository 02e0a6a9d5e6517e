"""Teams over the API: who recovers, who leads, how much they take. They are changed on their page and by import."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.store import teams
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

blueprint = make_blueprint("teams", "Teams that recover")


class TeamSchema(Schema):
    group_id = fields.String(required=True, metadata={"description": "The group's id at the helpdesk"})
    name = fields.String(required=True)
    capacity = fields.Integer(required=True, allow_none=True, metadata={"description": "Open cases of all at once"})
    hours = fields.Dict(
        required=True, allow_none=True, attribute="calendar", metadata={"description": "null: the desk's"}
    )
    leads = fields.List(fields.String(), required=True, attribute="lead_ids")
    members = fields.List(
        fields.String(),
        required=True,
        attribute="member_ids",
        metadata={"description": "Agents' ids at the helpdesk; empty: everybody in the group"},
    )


class MemberSchema(Schema):
    agent_id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    skills = fields.List(fields.String(), required=True)
    capacity = fields.Integer(required=True, allow_none=True, metadata={"description": "Open cases at once"})
    senior = fields.Boolean(required=True)
    hours = fields.Dict(
        required=True, allow_none=True, attribute="calendar", metadata={"description": "null: the team's"}
    )
    away_from = fields.AwareDateTime(required=True, allow_none=True)
    away_until = fields.AwareDateTime(required=True, allow_none=True)


class TeamsSchema(Schema):
    teams = fields.List(fields.Nested(TeamSchema), required=True)
    members = fields.List(fields.Nested(MemberSchema), required=True)


@operation(blueprint, "", role=Role.LEAD, takes=OnDeskSchema, gives=TeamsSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Teams and their people, by name."""
    with parts().database.desk(find_desk(query["desk"], Role.LEAD), read=True) as session:
        return {"teams": teams.all_teams(session), "members": teams.all_members(session)}
