"""The Flask application of the sandbox: which blueprints it has, who may call it, and how trouble is answered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from connectors.sandbox import control, fates, pages
from connectors.sandbox.calls import desk, refuse
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.vendor import Vendor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Bodies above this are refused; the vendor has a limit as well.
_MAX_BODY = 4 * 1024 * 1024


class App:
    """The WSGI application of one helpdesk; lets every API path end in `.json` or not, where the vendor does."""

    def __init__(self, helpdesk: Helpdesk) -> None:
        self._helpdesk = helpdesk
        self._app = _flask(helpdesk.vendor)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        environ["sandbox.path"] = path
        environ["sandbox.helpdesk"] = self._helpdesk
        if self._helpdesk.vendor.json_suffix and path.startswith("/api/"):
            environ["PATH_INFO"] = path.removesuffix(".json")
        return self._app(environ, start_response)


@cache
def _flask(vendor: Vendor) -> Flask:
    """One per vendor in a process: its hundred routes take longer to make than everything else at a start."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.before_request(_local_only)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_blueprint(control.api)
    app.register_blueprint(fates.api)
    app.register_blueprint(pages.site)
    for site in vendor.sites():
        app.register_blueprint(site)
    app.register_blueprint(vendor.api(), url_prefix="/api/v2")
    return app


def _local_only() -> Response | None:
    """Only names that mean this machine or the vendor: a rebound name of a stranger is turned away."""
    host = request.host.rsplit(":", 1)[0].strip("[]")
    if host in ("localhost", "127.0.0.1", "::1") or host.endswith(f".{desk().vendor.domain}"):
        return None
    return desk().vendor.unlawful(421, "Invalid Host", f"{host} is not a name of this helpdesk")


def _http_error(error: HTTPException) -> Response:
    return desk().vendor.unlawful(error.code or 500, error.name, error.description)
