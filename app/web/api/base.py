"""What every operation of the API shares: how it is declared, and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import flask_smorest
from flask import Request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from marshmallow.exceptions import ValidationError
from webargs.flaskparser import FlaskParser

from app.store.models import Role
from app.web.access import requires_api

SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"operator": []}]

View = TypeVar("View", bound=Callable[..., Any])


LARGEST = 2**63 - 1  #: that a database takes


class WholeNumber(fields.Integer):
    """From 1, or from `least`: a JSON integer, or digits in an address. Neither true nor 1.0 is one."""

    def __init__(self, *, least: int = 1, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, LARGEST), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        digits = isinstance(value, str) and value.isascii() and value.isdecimal()
        if type(value) is not int and not digits:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def by(check: Callable[[str], Any]) -> Callable[[str], None]:
    """A field's validator from a check that raises ValueError, "field: message"."""

    def validated(value: str) -> None:
        try:
            check(value)
        except ValueError as error:
            raise ValidationError(str(error).partition(": ")[2]) from error

    return validated


class _Parser(FlaskParser):
    """JSON that is nested without end, or has a number without end, is no JSON that we read."""

    def _raw_load_json(self, req: Request) -> Any:
        try:
            return super()._raw_load_json(req)
        except (RecursionError, ValueError) as error:
            abort(400, exc=error, messages={"json": ["Invalid JSON body."]})


class _Calls(Blueprint):  # type: ignore[misc]  # untyped library
    ARGUMENTS_PARSER = _Parser()


def make_blueprint(name: str, description: str) -> Any:
    """A blueprint under /api/v1/; untyped, as its library is."""
    return _Calls(f"api_{name}", __name__, url_prefix=f"/api/v1/{name}", description=description)


def operation(
    blueprint: Any, rule: str, *, method: str = "GET", role: Role, takes: type[Schema], gives: type[Schema]
) -> Callable[[View], View]:
    """Declare one operation: the handler gets what `takes` loaded, first, and returns what `gives` dumps.

    A GET takes its query, anything else its JSON body.
    """

    def declare(view: View) -> View:
        handler = blueprint.arguments(takes, location="query" if method == "GET" else "json")(view)
        handler = blueprint.response(200, gives)(handler)
        handler = blueprint.doc(security=SECURITY)(handler)
        blueprint.route(rule, methods=[method])(requires_api(role)(handler))
        return view

    return declare


def abort(code: int, **problem: Any) -> NoReturn:
    """Answer with that code; `errors` are the problem's own."""
    flask_smorest.abort(code, **problem)
    raise AssertionError("abort came back")
