"""What every operation of the API shares: how it is declared, and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import flask_smorest
from flask_smorest import Blueprint
from marshmallow import Schema

from app.store.models import Role
from app.web.access import requires_api

SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"operator": []}]

View = TypeVar("View", bound=Callable[..., Any])


def make_blueprint(name: str, description: str) -> Any:
    """A blueprint under /api/v1/; untyped, as its library is."""
    return Blueprint(f"api_{name}", __name__, url_prefix=f"/api/v1/{name}", description=description)


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
