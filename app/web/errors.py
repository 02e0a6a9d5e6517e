"""Error answers: a friendly page, or problem+json under /api/, with the request's id and without any detail."""

from __future__ import annotations

import http
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app import log
from app.store.database import DatabaseUnavailable

API = "/api/"

#: Code -> what happened, and what one can do about it.
WORDS: dict[int, tuple[str, str]] = {
    400: ("That request made no sense", "Go back, reload the page, and try again."),
    401: ("Please sign in", "Your session has ended or was never there. Nothing was changed."),
    403: (
        "You may not do that",
        "Your role does not allow it, or the form was too old. Reload the page and try again.",
    ),
    404: ("Nothing is here", "It may belong to another desk, or be gone. Check the address, or the desk you are on."),
    405: ("That is not how this page works", "Open it from a link or a button instead."),
    409: ("Somebody else was faster", "Nothing was changed. Look at what they did, then try again."),
    413: ("That was too large", "Send something smaller."),
    415: ("We do not read that kind of content", "Send a JSON document with Content-Type: application/json."),
    422: ("Something in it is not right", "See the errors, correct them, and send it again."),
    429: ("Too many attempts", "Wait a little, then try again."),
    500: ("Something broke on our side", "It was recorded. Try again; if it stays, tell your admin the number below."),
    # A commit whose answer never came may have been kept all the same.
    503: (
        "The database does not answer",
        "Try again in a moment. If you were changing something, see first whether it was done.",
    ),
}


def install(app: Flask) -> None:
    """Answer every error ourselves."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DatabaseUnavailable, _database_unavailable)
    app.register_error_handler(Exception, _crash)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:  # a redirect raised as an exception, or an answer made by hand
        return make_response(error.response)
    data = getattr(error, "data", None) or {}
    answer = reply(error.code or 500, errors=data.get("errors") or list(_flat(data.get("messages") or {})))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


def _flat(messages: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """A schema's nested messages as one list. Its outermost keys name the part of the request, such as `json`."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            deeper = f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}" if path else str(name)
            yield from _flat(inner, "" if not path and name in {"json", "query", "path"} else deeper)
    elif isinstance(messages, list):
        yield from ({"path": path, "message": str(message), "value": None} for message in messages)


def _database_unavailable(_error: DatabaseUnavailable) -> Response:
    log.get("web").warning("database_unavailable", endpoint=request.endpoint)
    answer = reply(503)
    answer.headers["Retry-After"] = "5"
    return answer


def _crash(error: Exception) -> Response:
    log.get("web").error("request_failed", endpoint=request.endpoint, error=error)
    return reply(500)


def reply(code: int, *, errors: Any = None) -> Response:
    """The answer for an error code, in the caller's language: a page, or problem+json."""
    if request.path.startswith(API):
        return _problem(code, errors)
    title, advice = WORDS.get(code, (http.HTTPStatus(code).phrase, "Go back and try again."))
    page = render_template("errors/show.html", code=code, title=title, advice=advice, request_id=g.get("request_id"))
    return make_response(page, code)


def _problem(code: int, errors: Any) -> Response:
    title, advice = WORDS.get(code, (http.HTTPStatus(code).phrase, ""))
    problem = {
        "type": "about:blank",
        "title": title,
        "status": code,
        "detail": advice,
        "request_id": g.get("request_id"),
    }
    if errors:
        problem["errors"] = errors
    answer = make_response(jsonify(problem), code)
    answer.content_type = "application/problem+json"
    return answer
