"""Tickets over the API: a ticket's score as it stands."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_smorest import abort as refuse
from marshmallow import Schema, fields, validate

from app import why
from app.scoring.telling import as_document
from app.store import explanations, tracked_tickets
from app.store.models import Role, TrackedTicket
from app.web.api.base import make_blueprint, operation
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

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


@operation(blueprint, "/<ticket_id>/score", role=Role.ADMIN, takes=OnDeskSchema, gives=ScoreSchema)
def score(query: dict[str, Any], ticket_id: str) -> dict[str, Any]:
    """The score of a ticket as it stands with everything behind it, or the reason why there is none."""
    with parts().database.desk(find_desk(query["desk"], Role.ADMIN), read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, ticket_id)
        if tracked is None:
            abort(404)
        return _document(tracked, explanations.of_ticket(session, tracked))


class WhichProtocolSchema(OnDeskSchema):
    protocol = fields.String(
        load_default=None, metadata={"description": "A protocol's name; without one, all protocols answer"}
    )
    version = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1),
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
