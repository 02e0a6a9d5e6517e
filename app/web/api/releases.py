"""What becomes of versions, over the API: tried on a ticket, backtested, put in force, taken back."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from functools import partial
from typing import Any

from marshmallow import Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from app import backtesting, protocol_setup, rolling_back
from app.protocol_setup import NotSound, Overtaken, Publication
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.protocol import RecoveryProtocol
from app.protocols.rollout import LEAST_SHARE
from app.reasons import checked_reason, checked_text
from app.store import desks
from app.store.desks import NotFound
from app.store.models import Role
from app.store.protocols import Reach
from app.trying import NothingKnown, lint_in_place, try_on
from app.web.api.base import abort, operation, question
from app.web.api.protocols import FindingSchema, blueprint, document_field, find_versions, numbered, refuse
from app.web.api.values import WholeNumber, by, in_our_time
from app.web.api.which import OnDeskSchema, caller, caller_name, find_desk
from app.web.context import parts

LONGEST = timedelta(days=92)


class TriedSchema(Schema):
    protocol = fields.String(required=True)
    ticket_id = fields.String(required=True)
    at = fields.AwareDateTime(required=True, metadata={"description": "Of what was known of the ticket"})
    outcome = fields.String(required=True)
    reason = fields.String(required=True)
    conditions = fields.List(fields.Dict(), required=True)
    steps = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class TrySchema(OnDeskSchema):
    document = document_field(required=True)
    ticket = fields.String(required=True, validate=[validate.Length(1, 64), by(partial(checked_text, "ticket"))])


class BacktestSchema(OnDeskSchema):
    document = document_field(load_default=None)
    protocol = WholeNumber(load_default=None, metadata={"description": "A stored protocol's id, instead"})
    version = WholeNumber(load_default=None, metadata={"description": "Of it; without, the newest"})
    start = fields.AwareDateTime(required=True, validate=in_our_time, data_key="from")
    end = fields.AwareDateTime(required=True, validate=in_our_time, data_key="to")
    share = fields.Float(
        load_default=None, validate=validate.Range(0, 1, min_inclusive=False, max_inclusive=False), allow_nan=False
    )

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if (data["document"] is None) == (data["protocol"] is None):
            raise ValidationError("must be given, or else protocol; one of them", "document")
        if not timedelta(0) < data["end"] - data["start"] <= LONGEST:
            raise ValidationError(f"must be before to, by at most {LONGEST.days} days", "from")


class AnySchema(Schema):
    """What a document of its own describes; see docs/editor.md."""

    result = fields.Dict(required=True)


class PublishSchema(OnDeskSchema):
    version = WholeNumber(required=True)
    how = fields.String(required=True, validate=validate.OneOf(["whole", "canary", "shadow"]))
    share = fields.Float(load_default=None, allow_none=True, allow_nan=False)
    reason = fields.String(required=True, validate=by(checked_reason), metadata={"description": "1 to 500 characters"})
    seen = WholeNumber(
        least=0, load_default=None, metadata={"description": "As read before; 409 when what is in force changed since"}
    )

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        share, canary = data["share"], data["how"] == "canary"
        if canary and (share is None or not LEAST_SHARE <= share < 1):
            raise ValidationError(f"must be at least {LEAST_SHARE:g} and below 1", "share")
        if not canary and share is not None:
            raise ValidationError("must be left out; only a canary has one", "share")


class PublishedSchema(Schema):
    protocol = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    new = fields.Boolean(required=True)


class RollbackSchema(OnDeskSchema):
    to = WholeNumber(load_default=None)
    undo = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    reason = fields.String(required=True, validate=by(checked_reason), metadata={"description": "1 to 500 characters"})


@question(blueprint, "/try", role=Role.ADMIN, takes=TrySchema, gives=TriedSchema)
def try_document(body: dict[str, Any]) -> dict[str, Any]:
    """What a document would decide on a ticket as it is known, and what is questionable about it at this desk."""
    desk_id = find_desk(body["desk"], Role.ADMIN)
    protocol = _read(body["document"])
    try:
        trial = try_on(parts(), desk_id, protocol, body["ticket"])
    except NothingKnown as error:
        abort(422, errors=[{"path": "ticket", "message": str(error), "value": body["ticket"]}])
    return {
        "protocol": protocol.name,
        "ticket_id": trial.ticket_id,
        "at": trial.at,
        "outcome": trial.decision.outcome,
        "reason": trial.decision.reason,
        "conditions": [one._asdict() for one in trial.decision.conditions],
        "steps": trial.steps,
        "findings": lint_in_place(parts(), desk_id, protocol, _names(desk_id)),
    }


@question(blueprint, "/backtest", role=Role.ADMIN, takes=BacktestSchema, gives=AnySchema)
def backtest(body: dict[str, Any]) -> dict[str, Any]:
    """What a document, or a stored version, would have done on past tickets. Nothing is written."""
    desk_id = find_desk(body["desk"], Role.ADMIN)
    protocol = _read(body["document"] or _stored(desk_id, body["protocol"], body["version"]))
    told = backtesting.run(parts(), desk_id, protocol, start=body["start"], end=body["end"], share=body["share"])
    return {"result": told.as_dict()}


@operation(
    blueprint, "/<id:protocol_id>/publish", method="POST", role=Role.ADMIN, takes=PublishSchema, gives=PublishedSchema
)
def publish(body: dict[str, Any], protocol_id: int) -> Any:
    """Put a version in force: whole, as a canary on a share of tickets, or as a shadow that writes nothing."""
    desk_id = find_desk(body["desk"], Role.ADMIN)
    name = _name(desk_id, protocol_id)
    reach = Reach(share=body["share"], shadow=body["how"] == "shadow")
    try:
        who = caller_name()
        publication = Publication(by=caller(), who=who, reason=body["reason"], reach=reach, seen=body["seen"])
        return protocol_setup.publish(
            parts(), desk_id, name, publication, number=body["version"], names=_names(desk_id)
        )
    except NotSound as error:
        lines = [line for verdict in error.verdicts for line in verdict.errors]
        abort(422, errors=[_at(line) for line in lines])
    except Overtaken as error:
        abort(409, errors=[{"path": "seen", "message": str(error), "value": str(body["seen"])}])
    except ValueError as error:
        told = _at(str(error))
        of_version = {"path": "version", "message": str(error), "value": str(body["version"])}
        abort(422, errors=[told if told["path"] in ("reason", "share") else of_version])


@operation(
    blueprint, "/<id:protocol_id>/rollback", method="POST", role=Role.ADMIN, takes=RollbackSchema, gives=AnySchema
)
def roll_back(body: dict[str, Any], protocol_id: int) -> dict[str, Any]:
    """Take the protocol back to an earlier version; with `undo`, also what it changed and nobody touched since."""
    desk_id = find_desk(body["desk"], Role.ADMIN)
    try:
        begun = rolling_back.start(
            parts(), desk_id, _name(desk_id, protocol_id),
            to=body["to"], undo=body["undo"], by=caller(), who=caller_name(), reason=body["reason"],
        )  # fmt: skip
    except ValueError as error:
        abort(422, errors=[_at(str(error))])
    return {"result": dataclasses.asdict(begun)}


@operation(blueprint, "/rollbacks/<id:rollback_id>", role=Role.LEAD, takes=OnDeskSchema, gives=AnySchema)
def rollback(query: dict[str, Any], rollback_id: int) -> dict[str, Any]:
    """How far a rollback is: what was set back, and what was left because somebody changed it since."""
    with parts().database.desk(find_desk(query["desk"], Role.LEAD), read=True) as session:
        try:
            return {"result": rolling_back.as_document(rolling_back.report(session, rollback_id))}
        except NotFound:
            abort(404)


def _read(document: str) -> RecoveryProtocol:
    try:
        return read_document(document)
    except DocumentError as error:
        refuse(error)


def _stored(desk_id: int, protocol_id: int, number: int | None) -> str:
    with parts().database.desk(desk_id, read=True) as session:
        return numbered(find_versions(session, protocol_id)[1], number).document


def _name(desk_id: int, protocol_id: int) -> str:
    with parts().database.desk(desk_id, read=True) as session:
        return find_versions(session, protocol_id)[0].name


def _names(desk_id: int) -> Any:
    """What the desk has; None where it cannot be asked."""
    with parts().database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
    try:
        return protocol_setup.ask_desk(parts(), desk)
    except ValueError:
        return None


def _at(line: str) -> dict[str, Any]:
    """ "path: message" as a problem at its path."""
    path, colon, message = line.partition(": ")
    plain = bool(colon) and " " not in path
    return {"path": path if plain else "", "message": message if plain else line, "value": None}
