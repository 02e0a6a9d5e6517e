"""The REST API: marshmallow schemas in and out, errors as problem+json, one OpenAPI document."""

from __future__ import annotations

import http
from typing import Any

from flask import Flask, abort, request
from flask_smorest import Api
from marshmallow import Schema, fields

from app.web.api import (
    audit,
    cases,
    customers,
    deliveries,
    desks,
    docs,
    handling,
    pace,
    people,
    releases,
    scores,
    teams,
    vocabulary,
    warnings,
)
from app.web.api.protocols import blueprint as protocols
from app.web.api.tickets import blueprint as tickets

PROBLEM = "application/problem+json"


class FieldProblemSchema(Schema):
    path = fields.String(required=True, metadata={"description": "Where it is, e.g. criteria.all[1].operator"})
    message = fields.String(required=True)
    value = fields.String(allow_none=True, metadata={"description": "The offending value, shortened"})


class ProblemSchema(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    request_id = fields.String(metadata={"description": "Tell it to your admin; our log knows it"})
    errors = fields.List(fields.Nested(FieldProblemSchema))


class ProblemApi(Api):  # type: ignore[misc]  # untyped library
    """flask-smorest with our errors: `app.web.errors` answers, this only documents them."""

    ERROR_SCHEMA = ProblemSchema
    #: Every operation names each of its answers.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """The app has its own, which know the API's paths."""

    def _register_responses(self) -> None:
        """As the library does, but every error has the media type of a problem."""
        for status in http.HTTPStatus:
            self.spec.components.response(status.name, _documented(status.phrase, self.ERROR_SCHEMA), lazy=True)


def install(app: Flask) -> None:
    """Give the app its API and the document that describes it."""
    app.config.update(
        API_TITLE="Kintsugi",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.before_request(_only_json)
    app.after_request(pace.tell)
    api = ProblemApi(app)
    for scheme, described in _SCHEMES.items():
        api.spec.components.security_scheme(scheme, described)
    for blueprint in (protocols, tickets, *(module.blueprint for module in _NOUNS)):
        api.register_blueprint(blueprint)
    docs.install(app, api.spec.to_dict)


_NOUNS = (audit, cases, customers, deliveries, desks, people, teams, warnings)
#: They add operations to the blueprints of others, which has happened once they are imported.
ADDING = (handling, releases, scores, vocabulary)


_SCHEMES: dict[str, dict[str, Any]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "kintsugi"},
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of an account (scopes read, write, admin), made on the account page",
    },
    "operator": {"type": "http", "scheme": "bearer", "description": "The operator's token, from the settings"},
}


def _only_json() -> None:
    """A body of another kind is refused by its type, not by the fields it then lacks."""
    if request.path.startswith("/api/") and request.endpoint and request.method == "POST" and not request.is_json:
        abort(415)


def _documented(description: str, schema: type[Schema]) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM: {"schema": schema}}}
