"""What every operation of the API shares: how it is declared, who may call it, and what it may answer."""

from __future__ import annotations

import functools
import http
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import flask_smorest
from flask import Request, Response
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from sqlalchemy.orm import Session
from webargs.flaskparser import FlaskParser

from app.clock import real_now
from app.store import audit
from app.store.models import Role
from app.web.access import requires_api
from app.web.api import once, pace
from app.web.api.which import caller_name, find_desk

SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"operator": []}]

#: What any operation may answer beside its own: those that read, and those that change something.
PROBLEMS = (400, 401, 403, 404, 422, 429, 503)
PROBLEMS_OF_BODIES = (*PROBLEMS, 409, 413, 415)

View = TypeVar("View", bound=Callable[..., Any])


class _Parser(FlaskParser):
    """JSON that is nested without end, or has a number without end, is no JSON that we read; and a filter that we do
    not know is refused, since leaving it out would answer another question."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012  as the library declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How an operation is called and answered."""

    method: str
    role: Role
    takes: type[Schema]
    gives: type[Schema]
    changes: bool


def operation(
    blueprint: Any, rule: str, *, method: str = "GET", role: Role, takes: type[Schema], gives: type[Schema]
) -> Callable[[View], View]:
    """Declare one operation: the handler gets what `takes` loaded, first, and returns what `gives` dumps.

    A GET takes its query, anything else its JSON body.
    """
    return _declaring(
        blueprint, rule, _Shape(method=method, role=role, takes=takes, gives=gives, changes=method != "GET")
    )


def question(
    blueprint: Any, rule: str, *, role: Role, takes: type[Schema], gives: type[Schema]
) -> Callable[[View], View]:
    """Declare an operation that reads as a GET does, but whose question belongs into a body."""
    return _declaring(blueprint, rule, _Shape(method="POST", role=role, takes=takes, gives=gives, changes=False))


def _declaring(blueprint: Any, rule: str, shape: _Shape) -> Callable[[View], View]:
    in_query = shape.method == "GET"

    def declare(view: View) -> View:
        handler = blueprint.arguments(shape.takes, location="query" if in_query else "json")(view)
        handler = blueprint.response(200, shape.gives)(handler)
        for status in PROBLEMS if in_query else PROBLEMS_OF_BODIES:
            handler = blueprint.alt_response(status, http.HTTPStatus(status).name)(handler)
        handler = blueprint.doc(security=SECURITY, **({"parameters": [_ONCE]} if shape.changes else {}))(handler)
        access = requires_api(shape.role, reads=not shape.changes)
        blueprint.route(rule, methods=[shape.method])(access(_counted(handler, shape)))
        return view

    return declare


_ONCE = {
    "in": "header",
    "name": once.HEADER,
    "required": False,
    "description": "Whoever repeats the call under the same key within 24 hours gets the answer of the first time",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def _counted(handler: Callable[..., Response], shape: _Shape) -> Callable[..., Response]:
    """The handler, within what its caller may call in a minute, and once per idempotency key."""

    @functools.wraps(handler)
    def called(*args: Any, **kwargs: Any) -> Response:
        pace.spend(caller_name())
        work = functools.partial(handler, *args, **kwargs)
        if not shape.changes:
            return work()
        return once.answer(caller_name(), work, lambda desk_id: find_desk(desk_id, shape.role))

    return called


def put_on_record(session: Session, did: str, what: str, **detail: Any) -> None:
    """Tell the audit log what this call changed, in the transaction of the change."""
    audit.record(session, by=caller_name(), did=did, what=what, detail=detail or None, at=real_now())


def abort(code: int, **problem: Any) -> NoReturn:
    """Answer with that code; `errors` are the problem's own."""
    flask_smorest.abort(code, **problem)
    raise AssertionError("abort came back")
