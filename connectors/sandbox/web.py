"""The Flask application of the sandbox: which blueprints it has, who may call it, and how trouble is answered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from connectors.sandbox import control, pages, surveys
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.zendesk import bulk, gate, macros, people, ratings, tickets, triggers, webhooks
from connectors.sandbox.zendesk.answers import answer, refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Bodies above this are refused; the vendor has a limit as well.
_MAX_BODY = 4 * 1024 * 1024


class App:
    """The WSGI application of one helpdesk; lets every API path end in `.json` or not."""

    def __init__(self, helpdesk: Helpdesk) -> None:
        self._helpdesk = helpdesk
        self._app = _flask()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        environ["sandbox.path"] = path
        environ["sandbox.helpdesk"] = self._helpdesk
        if path.startswith("/api/"):
            environ["PATH_INFO"] = path.removesuffix(".json")
        return self._app(environ, start_response)


@cache
def _flask() -> Flask:
    """One for all helpdesks of the process: its hundred routes take longer to make than everything else at a start."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.before_request(_local_only)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_blueprint(control.api)
    app.register_blueprint(pages.site)
    app.register_blueprint(surveys.site)
    app.register_blueprint(_api(), url_prefix="/api/v2")
    return app


def _api() -> Blueprint:
    """All of the vendor's endpoints behind one gate."""
    api = Blueprint("api", __name__)
    gate.guard(api)
    for part in (tickets, people, macros, webhooks, triggers, bulk, ratings):
        api.register_blueprint(part.api)
    api.add_url_rule("/<path:unknown>", view_func=_unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    return api


def _unknown(unknown: str) -> Response:
    return answer({"error": "InvalidEndpoint", "description": f"Not found: {unknown} is not spoken here"}, 404)


def _local_only() -> Response | None:
    """Only names that mean this machine or the vendor: a rebound name of a stranger is turned away."""
    host = request.host.rsplit(":", 1)[0].strip("[]")
    if host in ("localhost", "127.0.0.1", "::1") or host.endswith(".zendesk.com"):
        return None
    return answer({"error": "InvalidHost", "description": f"{host} is not a name of this helpdesk"}, 421)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return answer({"error": error.name.replace(" ", ""), "description": error.description}, status)
