"""What every operation of the API shares: how it is declared, who may call it, and what it may answer."""

from __future__ import annotations

import functools
import http
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import flask_smorest
from flask import Request, Response
from flask_smorest import Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser

from app.store.models import Role
from app.web.access import requires_api
from app.web.api import once, pace
from app.web.api.which import caller_name, find_desk

SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"operator": []}]

#: What any operation may answer beside its own: those that read, and those that change something.
PROBLEMS = (400, 401, 403, 404, 422, 429, 503)
PROBLEMS_OF_CHANGES = (*PROBLEMS, 409, 413, 415)

View = TypeVar("View", bound=Callable[..., Any])


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
    reads = method == "GET"

    def declare(view: View) -> View:
        handler = blueprint.arguments(takes, location="query" if reads else "json")(view)
        handler = blueprint.response(200, gives)(handler)
        for status in PROBLEMS if reads else PROBLEMS_OF_CHANGES:
            handler = blueprint.alt_response(status, http.HTTPStatus(status).name)(handler)
        handler = blueprint.doc(security=SECURITY, **({} if reads else {"parameters": [_ONCE]}))(handler)
        blueprint.route(rule, methods=[method])(requires_api(role)(_counted(handler, role, reads=reads)))
        return view

    return declare


_ONCE = {
    "in": "header",
    "name": once.HEADER,
    "required": False,
    "description": "Whoever repeats the call under the same key within 24 hours gets the answer of the first time",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def _counted(handler: View, role: Role, *, reads: bool) -> Callable[..., Response]:
    """The handler, within what its caller may call in a minute, and once per idempotency key."""

    @functools.wraps(handler)
    def called(*args: Any, **kwargs: Any) -> Response:
        pace.spend(caller_name())
        work = functools.partial(handler, *args, **kwargs)
        return work() if reads else once.answer(caller_name(), work, lambda desk_id: find_desk(desk_id, role))

    return called


def abort(code: int, **problem: Any) -> NoReturn:
    """Answer with that code; `errors` are the problem's own."""
    flask_smorest.abort(code, **problem)
    raise AssertionError("abort came back")
