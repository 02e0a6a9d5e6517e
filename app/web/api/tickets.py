"""Tickets over the API: those under watch, a ticket's score as it stands, and why protocols did what they did.

The scores that were given over time are in `scores`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort
from flask_smorest import abort as refuse
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from app import why
from app.reasons import checked_text
from app.scoring.telling import as_document
from app.store import explanations, listings, tracked_tickets
from app.store.listings import Stretch, WantedTickets
from app.store.models import Role, TrackedTicket
from app.web.api.base import make_blueprint, operation
from app.web.api.paging import NextSchema, PageSchema, page
from app.web.api.values import WholeNumber, by
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts
from app.words import SatState
from connectors.ticket import TicketStatus

blueprint = make_blueprint("tickets", "Tickets under watch")


class ContributionSchema(Schema):
    signal = fields.String(required=True)
    logit = fields.Float(required=True, metadata={"description": "Added to the logit; below 0 lowers satisfaction"})
    evidence = fields.String(required=True, metadata={"description": "Empty once the customer's words were erased"})


class FactorSchema(Schema):
    factor = fields.String(required=True)
    logit = fields.Float(required=True)
    points = fields.Float(required=True)


class ScoreSchema(Schema):
    ticket_id = fields.String(required=True)
    score = fields.Integer(allow_none=True, required=True, metadata={"description": "0 to 100"})
    p_satisfied = fields.Float(
        allow_none=True, required=True, metadata={"description": "The whole will be rated well; every digit"}
    )
    p_satisfied_now = fields.Float(
        allow_none=True, metadata={"description": "The customer is satisfied at this moment"}
    )
    trend = fields.Float(allow_none=True, metadata={"description": "Above 0 improving; describes, forecasts nothing"})
    state = fields.String(allow_none=True, required=True)
    level = fields.String(allow_none=True, required=True)
    direction = fields.String(allow_none=True, required=True)
    provisional = fields.Boolean(required=True, metadata={"description": "The direction is not known yet"})
    scored_at = fields.AwareDateTime(allow_none=True, required=True)
    unscored_reason = fields.String(allow_none=True, required=True)
    model = fields.String(allow_none=True)
    calibrated = fields.Boolean(allow_none=True, metadata={"description": "On this desk's own ratings"})
    base_logit = fields.Float(allow_none=True)
    p_uncalibrated = fields.Float(allow_none=True)
    contributions = fields.List(
        fields.Nested(ContributionSchema), metadata={"description": "With base_logit they add up to p_uncalibrated"}
    )
    abstained = fields.List(fields.String(), metadata={"description": "What could not be read, and why"})
    explanation = fields.String(allow_none=True, metadata={"description": "One sentence for an agent"})
    change = fields.Integer(allow_none=True, metadata={"description": "Points since the customer's previous message"})
    base_points = fields.Float(allow_none=True)
    factors = fields.List(
        fields.Nested(FactorSchema),
        metadata={"description": "With base_points and correction_points they add up to 100 * p_satisfied"},
    )
    correction_points = fields.Float(allow_none=True)
    cause = fields.String(allow_none=True)
    cause_class = fields.String(allow_none=True, metadata={"description": "The cause or a narrower class of it"})
    cause_confidence = fields.Float(allow_none=True)
    cause_corrected = fields.Boolean(metadata={"description": "A person named it"})
    fault_side = fields.String(allow_none=True)
    vendor = fields.String(allow_none=True)
    churn_risk = fields.Float(allow_none=True, metadata={"description": "By expert judgement; apart from satisfaction"})
    resolution = fields.Float(allow_none=True, metadata={"description": "What the score would be by resolution alone"})
    language = fields.String(allow_none=True, metadata={"description": "ISO 639-1"})
    turning_message_id = fields.String(allow_none=True)
    turning_ticket_id = fields.String(allow_none=True)


class WantedSchema(PageSchema):
    state = fields.Enum(SatState, by_value=True, load_default=None)
    status = fields.Enum(TicketStatus, by_value=True, load_default=None)
    customer = WholeNumber(load_default=None, metadata={"description": "A customer's id here, not the helpdesk's"})


class TicketSchema(Schema):
    ticket_id = fields.String(required=True)
    customer = fields.Integer(required=True, allow_none=True, attribute="person_id")
    status = fields.String(required=True, allow_none=True)
    priority = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    group_id = fields.String(required=True, allow_none=True)
    assignee_id = fields.String(required=True, allow_none=True)
    score = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)
    state_since = fields.AwareDateTime(required=True, allow_none=True)
    scored_at = fields.AwareDateTime(required=True, allow_none=True)
    unscored_reason = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    solved_at = fields.AwareDateTime(required=True, allow_none=True)
    reopens = fields.Integer(required=True)


class TicketsSchema(NextSchema):
    tickets = fields.List(
        fields.Nested(TicketSchema), required=True, metadata={"description": "Those we heard of last come first"}
    )


@operation(blueprint, "", role=Role.AGENT, takes=WantedSchema, gives=TicketsSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Tickets under watch as they were last read."""
    wanted = WantedTickets(state=query["state"], status=query["status"], person_id=query["customer"])
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        found = listings.tickets(session, wanted, Stretch(limit=query["limit"] + 1, after=query["cursor"]))
    rows, following = page(found, query["limit"], lambda ticket: ticket.id)
    return {"tickets": rows, "next": following}


@operation(blueprint, "/<ticket_id>/score", role=Role.ADMIN, takes=OnDeskSchema, gives=ScoreSchema)
def score(query: dict[str, Any], ticket_id: str) -> dict[str, Any]:
    """The score of a ticket as it stands with everything behind it, or the reason why there is none."""
    with parts().database.desk(find_desk(query["desk"], Role.ADMIN), read=True) as session:
        tracked = find_ticket(session, ticket_id)
        return _document(tracked, explanations.of_ticket(session, tracked))


def find_ticket(session: Session, ticket_id: str) -> TrackedTicket:
    """A ticket of the desk; the call is answered 404 where there is none."""
    tracked = tracked_tickets.find_by_ticket(session, ticket_id) if _may_be_id(ticket_id) else None
    if tracked is None:
        abort(404)
    return tracked


def _may_be_id(ticket_id: str) -> bool:
    """Not every text in an address is one that a database takes."""
    return len(ticket_id) <= 64 and ticket_id.isprintable()


class WhichProtocolSchema(OnDeskSchema):
    protocol = fields.String(
        load_default=None,
        validate=by(partial(checked_text, "protocol")),
        metadata={"description": "A protocol's name; without one, all protocols answer"},
    )
    version = WholeNumber(
        load_default=None,
        metadata={"description": "A version's number, drafts too; by default the one in force on this ticket"},
    )


class ConditionSchema(Schema):
    field = fields.String(required=True)
    operator = fields.String(required=True)
    expected = fields.Raw(required=True)
    actual = fields.Raw(required=True, allow_none=True, metadata={"description": "null where it is not known"})
    passed = fields.Boolean(required=True)


class StepSchema(Schema):
    action = fields.String(required=True)
    do = fields.String(required=True)
    says = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "not_planned for a step that never was"})
    reason = fields.String(required=True)
    round = fields.Integer(required=True, allow_none=True)
    at = fields.String(required=True, allow_none=True)


class CaseSchema(Schema):
    id = fields.Integer(required=True)
    version = fields.Integer(required=True, metadata={"description": "The version that the case keeps"})
    stage = fields.String(required=True)
    opened_at = fields.String(required=True)
    closed_at = fields.String(required=True, allow_none=True)
    opened = fields.String(required=True)
    ended = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)


class ProtocolAnswerSchema(Schema):
    protocol = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    acts = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why nothing follows from it here; null: it is in force"},
    )
    outcome = fields.String(required=True)
    reason = fields.String(required=True)
    conditions = fields.List(fields.Nested(ConditionSchema), required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    cases = fields.List(fields.Nested(CaseSchema), required=True)


class WhySchema(Schema):
    ticket_id = fields.String(required=True)
    at = fields.String(required=True, allow_none=True, metadata={"description": "When this was known"})
    missing = fields.String(required=True, allow_none=True, metadata={"description": "Why nothing is known"})
    answers = fields.List(fields.Nested(ProtocolAnswerSchema), required=True)


@operation(blueprint, "/<ticket_id>/why", role=Role.ADMIN, takes=WhichProtocolSchema, gives=WhySchema)
def explain(query: dict[str, Any], ticket_id: str) -> dict[str, Any]:
    """Which conditions of a protocol hold on a ticket and which do not, and each step with its reason."""
    if query["version"] is not None and query["protocol"] is None:
        refuse(
            422, errors=[{"path": "version", "message": "needs a protocol beside it", "value": str(query["version"])}]
        )
    with parts().database.desk(find_desk(query["desk"], Role.ADMIN), read=True) as session:
        find_ticket(session, ticket_id)
        try:
            answer = why.ask(
                session, ticket_id, parts().clock.now(), protocol=query["protocol"], version=query["version"]
            )
        except why.Unknown:
            abort(404)
        return why.as_document(answer)


_OF_THE_TICKET = (
    "ticket_id", "score", "p_satisfied", "state", "level", "direction", "provisional", "scored_at", "unscored_reason",
    "cause", "cause_class", "cause_confidence", "fault_side", "vendor", "churn_risk", "resolution", "language",
    "turning_message_id", "turning_ticket_id",
)  # fmt: skip
_OF_THE_SCORE = (
    "p_satisfied_now", "trend", "model", "calibrated", "base_logit", "p_uncalibrated", "contributions", "abstained",
)  # fmt: skip


def _document(tracked: TrackedTicket, view: explanations.View) -> dict[str, Any]:
    found = {name: getattr(tracked, name) for name in _OF_THE_TICKET}
    found |= {name: getattr(view.score, name, None) for name in _OF_THE_SCORE}
    found["contributions"], found["abstained"] = found["contributions"] or (), found["abstained"] or ()
    found["cause_corrected"] = tracked.cause_by is not None
    return found | (as_document(view.explanation) if view.explanation else {"explanation": None})
