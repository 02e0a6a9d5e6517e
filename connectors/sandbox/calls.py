"""What a call of any API of the sandbox has: the helpdesk, who calls, JSON in and out, and planted faults."""

from __future__ import annotations

import socket
import time
from typing import Any, cast

from flask import Response, g, request

from connectors.sandbox.faults import Fault
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.people import Person
from connectors.sandbox.refusals import Malformed, Refusal
from connectors.sandbox.store import add_to_counter, to_json


def desk() -> Helpdesk:
    """The helpdesk that this request talks to."""
    return cast(Helpdesk, request.environ["sandbox.helpdesk"])


def actor() -> Person:
    """The user whose credentials the request carries."""
    return cast(Person, g.actor)


def answer(body: Any, status: int = 200) -> Response:
    return Response(to_json(body), status=status, content_type="application/json; charset=utf-8")


def refuse(refusal: Refusal) -> Response:
    """In the words of the helpdesk's vendor."""
    return desk().vendor.refuse(refusal)


def payload(name: str | None = None) -> dict[str, Any]:
    """The JSON object in the request, or its member `name`. Raises Malformed."""
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    if name is None:
        return body
    inner = body.get(name)
    if not isinstance(inner, dict):
        raise Malformed(f"the body has no object {name!r}")
    return inner


def number(text: Any, name: str) -> int:
    """A whole number from a number or its digits. Raises Malformed."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        raise Malformed(f"{name} must be a whole number")
    try:
        return int(text)
    except ValueError as error:
        raise Malformed(f"{name} must be a whole number") from error


def count_call() -> None:
    """Count this call for `GET /sandbox/stats`."""
    kind = "reads" if request.method in ("GET", "HEAD") else "writes"
    rule = request.url_rule.rule if request.url_rule else "unknown"
    with desk().file.writing(quiet=True) as db:
        add_to_counter(db, kind)
        add_to_counter(db, f"call:{request.method} {rule.removeprefix('/api/v2/')}")


def find_fault() -> Fault | None:
    """The fault planted for this call; one of its times is used up."""
    g.fault = desk().faults.find(request.method, request.environ["sandbox.path"])
    return cast("Fault | None", g.fault)


def spoil(fault: Fault, unavailable: dict[str, Any]) -> Response | None:
    """The answer that a fault puts in place of the real one; None when it only made the caller wait.

    `unavailable` is the vendor's body for an error that has no cause.
    """
    kind = fault.fault.removesuffix("_after_write")
    if kind == "slow":
        time.sleep(fault.seconds)
        return None
    if kind == "drop":
        hang_up(request.environ)
        return answer({}, 502)
    if kind == "garbage":
        return Response("<html><body>It went somewhere else", status=200, content_type="text/html")
    response = answer(unavailable, fault.status)
    response.headers.update(dict(fault.headers))
    return response


def hang_up(environ: dict[str, Any]) -> None:
    """Close the caller's connection without an answer.

    waitress hands out a bound method of the connection's channel, which is the one way to its socket.
    """
    connection: socket.socket = environ["waitress.client_disconnected"].__self__.socket
    connection.shutdown(socket.SHUT_RDWR)
