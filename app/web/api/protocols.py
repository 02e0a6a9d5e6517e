"""Protocols over the API: a document is checked, with every error at its path."""

from __future__ import annotations

from typing import Any

from flask_smorest import abort
from marshmallow import Schema, fields, validate

from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.lint import lint
from app.store.models import Role
from app.web.api.base import make_blueprint, operation

blueprint = make_blueprint("protocols", "Recovery protocols")

LONGEST = 200_000


class DocumentSchema(Schema):
    document = fields.String(
        required=True, validate=validate.Length(1, LONGEST), metadata={"description": "A protocol as YAML"}
    )


class FindingSchema(Schema):
    severity = fields.String(required=True)
    path = fields.String(required=True)
    message = fields.String(required=True)


class CheckedSchema(Schema):
    protocol = fields.String(required=True, metadata={"description": "The protocol's name"})
    findings = fields.List(fields.Nested(FindingSchema), required=True)


@operation(blueprint, "/check", method="POST", role=Role.ADMIN, takes=DocumentSchema, gives=CheckedSchema)
def check(body: dict[str, Any]) -> dict[str, Any]:
    """Read a document and say what is questionable about it; nothing is stored, and no helpdesk is asked."""
    try:
        protocol = read_document(body["document"])
    except DocumentError as error:
        abort(422, errors=[{"path": one.path, "message": one.message, "value": one.value} for one in error.errors])
    return {"protocol": protocol.name, "findings": lint([protocol])}
