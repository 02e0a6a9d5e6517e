"""Recovery cases over the API: listed, and one with its steps. What people do with them is `handling`."""

from __future__ import annotations

from typing import Any

from flask import abort
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from app.store import listings
from app.store.desks import NotFound
from app.store.listings import CaseLine, Stretch, WantedCases
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.paging import NextSchema, PageSchema, page
from app.web.api.values import Flag, HelpdeskId, WholeNumber
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts
from app.words import CaseStage, SatState

blueprint = make_blueprint("cases", "Recovery cases")


class WantedSchema(PageSchema):
    open = Flag(load_default=None, metadata={"description": "Only open ones, or only closed ones"})
    stage = fields.Enum(CaseStage, by_value=True, load_default=None)
    state = fields.Enum(
        SatState, by_value=True, load_default=None, metadata={"description": "Of the ticket, as it is now"}
    )
    ticket = HelpdeskId(load_default=None)
    customer = WholeNumber(load_default=None, metadata={"description": "A customer's id here, not the helpdesk's"})


class RecoveryCaseSchema(Schema):
    id = fields.Integer(required=True)
    ticket_id = fields.String(required=True)
    customer = fields.Integer(required=True, allow_none=True)
    protocol_id = fields.Integer(required=True)
    protocol = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "The protocol's version that the case keeps"})
    stage = fields.String(required=True, validate=validate.OneOf([stage.value for stage in CaseStage]))
    arm = fields.String(required=True, metadata={"description": "treatment, or holdout: nothing is done"})
    cause = fields.String(required=True)
    opened_by = fields.String(required=True, metadata={"description": "state or rating"})
    opening_score = fields.Integer(required=True, allow_none=True)
    score = fields.Integer(required=True, allow_none=True, metadata={"description": "0 to 100, as it is now"})
    state = fields.String(required=True, allow_none=True)
    owner = fields.String(
        required=True, allow_none=True, metadata={"description": "The agent who owns it, by the helpdesk's id"}
    )
    holder = fields.String(
        required=True, allow_none=True, metadata={"description": "Who has claimed it: account:7 or agent:900"}
    )
    snoozed_until = fields.AwareDateTime(required=True, allow_none=True)
    handling = fields.Integer(
        required=True, metadata={"description": "To be sent with a change that builds on what was read"}
    )
    round = fields.Integer(required=True)
    opened_at = fields.AwareDateTime(required=True)
    assigned_at = fields.AwareDateTime(required=True, allow_none=True)
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    resurveyed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    touch_due_at = fields.AwareDateTime(required=True, allow_none=True)
    recover_due_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it ended as it did"})


class CasesSchema(NextSchema):
    cases = fields.List(fields.Nested(RecoveryCaseSchema), required=True, metadata={"description": "Newest first"})


class CaseStepSchema(Schema):
    id = fields.Integer(required=True)
    do = fields.String(required=True, metadata={"description": "The action, by the name that documents use"})
    round = fields.Integer(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True, metadata={"description": "The person who is to see to it"})
    done_by = fields.String(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    planned_at = fields.AwareDateTime(required=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class WholeCaseSchema(RecoveryCaseSchema):
    steps = fields.List(fields.Nested(CaseStepSchema), required=True, metadata={"description": "As planned"})


@operation(blueprint, "", role=Role.AGENT, takes=WantedSchema, gives=CasesSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Cases, newest first."""
    wanted = WantedCases(
        open=query["open"],
        stage=query["stage"],
        state=query["state"],
        ticket_id=query["ticket"],
        person_id=query["customer"],
    )
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        found = listings.cases(session, wanted, Stretch(limit=query["limit"] + 1, after=query["cursor"]))
    lines, following = page(found, query["limit"], lambda line: line.case.id)
    return {"cases": [as_document(line) for line in lines], "next": following}


@operation(blueprint, "/<id:case_id>", role=Role.AGENT, takes=OnDeskSchema, gives=WholeCaseSchema)
def show(query: dict[str, Any], case_id: int) -> dict[str, Any]:
    """One case with its steps."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        return {**find(session, case_id), "steps": listings.steps(session, case_id)}


def find(session: Session, case_id: int) -> dict[str, Any]:
    """A case of the desk as it is told; the call is answered 404 where there is none."""
    try:
        return as_document(listings.case(session, case_id))
    except NotFound:
        abort(404)


_OF_THE_CASE = (
    "id", "stage", "arm", "cause", "opened_by", "opening_score", "holder", "snoozed_until", "round", "opened_at",
    "assigned_at", "contacted_at", "resolved_at", "resurveyed_at", "closed_at", "touch_due_at", "recover_due_at",
    "reason",
)  # fmt: skip


def as_document(line: CaseLine) -> dict[str, Any]:
    """A case as `RecoveryCaseSchema` dumps it."""
    return {
        **{name: getattr(line.case, name) for name in _OF_THE_CASE},
        "ticket_id": line.ticket.ticket_id,
        "customer": line.case.person_id,
        "protocol_id": line.protocol_id,
        "protocol": line.protocol,
        "version": line.version,
        "score": line.ticket.score,
        "state": line.ticket.state,
        "owner": line.case.owner_id,
        "handling": line.case.handling_version,
    }
