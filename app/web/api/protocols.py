"""Protocols over the API: documents checked and stored as drafts, with every error at its path, and what is stored.

Putting versions in force and trying them is in `releases`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn

from marshmallow import Schema, fields, validate

from app import editing
from app.protocols.difference import compare
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.lint import lint
from app.store import protocol_events, protocols
from app.store.desks import NotFound
from app.store.models import ProtocolRow, ProtocolVersion, Role
from app.web.api.base import abort, make_blueprint, operation, question
from app.web.api.values import WholeNumber
from app.web.api.which import OnDeskSchema, caller_name, find_desk
from app.web.context import parts

blueprint = make_blueprint("protocols", "Recovery protocols")


def document_field(**options: Any) -> fields.String:
    """A protocol as YAML."""
    described = {"description": "A protocol as YAML; at most 256 KiB"}
    return fields.String(validate=validate.Length(min=1), metadata=described, **options)


class DocumentSchema(Schema):
    document = document_field(required=True)


class FindingSchema(Schema):
    severity = fields.String(required=True)
    path = fields.String(required=True)
    message = fields.String(required=True)
    value = fields.String(allow_none=True, metadata={"description": "What the document has there, shortened"})


class CheckedSchema(Schema):
    protocol = fields.String(required=True, metadata={"description": "The protocol's name"})
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class NewDraftSchema(OnDeskSchema):
    document = document_field(required=True)


class NextDraftSchema(NewDraftSchema):
    base = WholeNumber(
        required=True,
        metadata={"description": "The number of the version it was written upon; 409 when there is a newer one"},
    )


class DraftSchema(Schema):
    protocol_id = fields.Integer(required=True)
    name = fields.String(required=True)
    number = fields.Integer(required=True)
    new = fields.Boolean(required=True, metadata={"description": "False where the newest version says the same"})


class VersionSchema(Schema):
    number = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"description": "draft, shadow, canary, published or retired"})
    share = fields.Float(required=True, allow_none=True, metadata={"description": "Of tickets, for a canary"})
    created_at = fields.AwareDateTime(required=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class RowSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True, metadata={"description": "The lower is asked first"})
    versions = fields.List(fields.Nested(VersionSchema), required=True, metadata={"description": "Newest first"})


class ListSchema(Schema):
    protocols = fields.List(fields.Nested(RowSchema), required=True)


class WhichVersionSchema(OnDeskSchema):
    version = WholeNumber(load_default=None, metadata={"description": "A number; without it, the newest"})


class WholeSchema(RowSchema):
    number = fields.Integer(required=True, metadata={"description": "Whose document this is"})
    document = fields.String(required=True)
    seen = fields.Integer(required=True, metadata={"description": "To be sent with publish, so that nobody overtakes"})


class BetweenSchema(OnDeskSchema):
    old = WholeNumber(load_default=None, data_key="from")
    new = WholeNumber(load_default=None, data_key="to")


class LineSchema(Schema):
    change = fields.String(required=True, metadata={"description": "added, removed, same or gap"})
    text = fields.String(required=True)


class EventSchema(Schema):
    kind = fields.String(required=True)
    number = fields.Integer(required=True, allow_none=True)
    previous = fields.Integer(required=True, allow_none=True)
    share = fields.Float(required=True, allow_none=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    diff = fields.List(fields.Nested(LineSchema), required=True)


class HistorySchema(Schema):
    events = fields.List(fields.Nested(EventSchema), required=True, metadata={"description": "Newest first"})


class DifferenceSchema(Schema):
    lines = fields.List(fields.Nested(LineSchema), required=True)


@question(blueprint, "/check", role=Role.ADMIN, takes=DocumentSchema, gives=CheckedSchema)
def check(body: dict[str, Any]) -> dict[str, Any]:
    """Read a document and say what is questionable about it; nothing is stored, and no helpdesk is asked."""
    try:
        protocol = read_document(body["document"])
    except DocumentError as error:
        refuse(error)
    return {"protocol": protocol.name, "findings": lint([protocol])}


@operation(blueprint, "", role=Role.AGENT, takes=OnDeskSchema, gives=ListSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Every protocol with its versions, in the order in which they are asked."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        rows = [row for row, _ in protocols.all_of(session)]
        return {"protocols": [_told(row, protocols.versions_of(session, row.id)) for row in rows]}


@operation(blueprint, "", method="POST", role=Role.ADMIN, takes=NewDraftSchema, gives=DraftSchema)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Store a document as the first draft of a new protocol."""
    return _save(find_desk(body["desk"], Role.ADMIN), body["document"], None, None)


@operation(
    blueprint, "/<id:protocol_id>/versions", method="POST", role=Role.ADMIN, takes=NextDraftSchema, gives=DraftSchema
)
def add(body: dict[str, Any], protocol_id: int) -> dict[str, Any]:
    """Store a document as the protocol's next draft; 409, with what both changed, when somebody was faster."""
    return _save(find_desk(body["desk"], Role.ADMIN), body["document"], protocol_id, body["base"])


@operation(blueprint, "/<id:protocol_id>", role=Role.AGENT, takes=WhichVersionSchema, gives=WholeSchema)
def show(query: dict[str, Any], protocol_id: int) -> dict[str, Any]:
    """One version's document, and what other versions there are."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        row, versions = find_versions(session, protocol_id)
        version = numbered(versions, query["version"])
        return {
            **_told(row, versions),
            "number": version.number,
            "document": version.document,
            "seen": protocol_events.newest_id(session, protocol_id),
        }


@operation(blueprint, "/<id:protocol_id>/history", role=Role.AGENT, takes=OnDeskSchema, gives=HistorySchema)
def history(query: dict[str, Any], protocol_id: int) -> dict[str, Any]:
    """Who put which version in force, why, and what was different."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        find_versions(session, protocol_id)
        return {"events": protocol_events.of_protocol(session, protocol_id)}


@operation(blueprint, "/<id:protocol_id>/diff", role=Role.AGENT, takes=BetweenSchema, gives=DifferenceSchema)
def difference(query: dict[str, Any], protocol_id: int) -> dict[str, Any]:
    """Two versions line by line; without numbers, the newest against nothing."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        _, versions = find_versions(session, protocol_id)
    old = None if query["old"] is None else numbered(versions, query["old"]).document
    return {"lines": compare(old, numbered(versions, query["new"]).document)}


def find_versions(session: Any, protocol_id: int) -> tuple[ProtocolRow, list[ProtocolVersion]]:
    """A protocol of the desk with its versions, newest first; the call is answered 404 where there is none."""
    versions = list(protocols.versions_of(session, protocol_id))
    row = next((row for row, _ in protocols.all_of(session) if row.id == protocol_id), None)
    if row is None:
        abort(404)
    return row, versions


def numbered(versions: list[ProtocolVersion], number: int | None) -> ProtocolVersion:
    """The version of that number, else the newest; the call is answered 404 where there is none."""
    found = next((one for one in versions if number in (None, one.number)), None)
    if found is None:
        abort(404)
    return found


def refuse(error: DocumentError) -> NoReturn:
    """Answer 422 with everything that is wrong with a document."""
    abort(422, errors=[{"path": one.path, "message": one.message, "value": one.value} for one in error.errors])


def _save(desk_id: int, document: str, protocol_id: int | None, base: int | None) -> dict[str, Any]:
    try:
        draft = editing.save(parts(), desk_id, document, protocol_id=protocol_id, base=base, who=caller_name())
    except DocumentError as error:
        refuse(error)
    except NotFound:
        abort(404)
    except editing.Stale as stale:
        changed = [{"path": one.path, "message": _changed(one), "value": str(one.theirs)[:200]} for one in stale.parts]
        first = {"path": "base", "message": f"version {stale.newest} was saved meanwhile", "value": str(base)}
        abort(409, errors=[first, *changed])
    return dataclasses.asdict(draft)


def _changed(part: Any) -> str:
    return "was changed by both" if part.clash else f"was changed by {'them' if part.default == 'theirs' else 'you'}"


def _told(row: ProtocolRow, versions: Any) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "position": row.position, "versions": versions}
