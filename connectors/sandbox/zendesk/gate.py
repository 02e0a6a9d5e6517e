"""What every API call passes: counting, faults, credentials and rate limits, before and after the view."""

from __future__ import annotations

import base64
import binascii
import hmac
import socket
import time
from typing import Any

from flask import Blueprint, Response, g, request

from connectors.sandbox import limits, people
from connectors.sandbox.faults import Fault
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.people import Person
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.store import add_to_counter
from connectors.sandbox.zendesk.answers import answer, desk, refuse


def guard(api: Blueprint) -> None:
    """Put the gate in front of every view of the blueprint."""
    api.before_request(_enter)
    api.after_request(_leave)
    api.register_error_handler(Refusal, refuse)


def _enter() -> Response | None:
    helpdesk = desk()
    g.standings = []
    _count(helpdesk)
    g.fault = helpdesk.faults.find(request.method, request.environ["sandbox.path"])
    if g.fault is not None and g.fault.early:
        spoiled = _spoil(g.fault)
        if spoiled is not None:
            return spoiled
    person = _person(helpdesk)
    if person is None:
        return answer({"error": "Couldn't authenticate you"}, 401)
    g.actor = person
    return _limited(helpdesk, person)


def _leave(response: Response) -> Response:
    # A request that was turned away before the gate has neither.
    if g.get("standings"):
        response.headers.update(limits.headers(g.standings))
    fault: Fault | None = g.get("fault")
    if fault is None or fault.early:
        return response
    return _spoil(fault) or response


def _count(helpdesk: Helpdesk) -> None:
    kind = "reads" if request.method in ("GET", "HEAD") else "writes"
    rule = request.url_rule.rule if request.url_rule else "unknown"
    with helpdesk.file.writing(quiet=True) as db:
        add_to_counter(db, kind)
        add_to_counter(db, f"call:{request.method} {rule.removeprefix('/api/v2/')}")


def _person(helpdesk: Helpdesk) -> Person | None:
    """The user behind the credentials: `email/token:KEY` of any agent, or the admin's bearer token."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    account = helpdesk.account
    with helpdesk.file.reading() as db:
        if scheme.lower() == "bearer":
            right = hmac.compare_digest(value.strip().encode(), account.oauth_token.encode())
            return people.find(db, account.integration_id) if right else None
        name, _, key = _basic(value).rpartition(":")
        email, _, word = name.rpartition("/")
        if scheme.lower() != "basic" or word != "token":
            return None
        right = hmac.compare_digest(key.encode(), account.api_token.encode())
        person = people.find_by_email(db, email) if right else None
    return person if person is not None and person.is_staff else None


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _limited(helpdesk: Helpdesk, person: Person) -> Response | None:
    g.standings = helpdesk.limits.spend(request.method, request.path, person.id)
    over = [item for item in g.standings if item.remaining < 0]
    if not over or helpdesk.limits.plan.unlimited:
        return None
    wait = max(item.resets for item in over)
    response = answer(
        {"error": "TooManyRequests", "description": f"Number of allowed API requests exceeded: {over[0].bucket}"}, 429
    )
    response.headers["Retry-After"] = str(wait)
    return response


def _spoil(fault: Fault) -> Response | None:
    """The answer that a fault puts in place of the real one; None when it only made the caller wait."""
    kind = fault.fault.removesuffix("_after_write")
    if kind == "slow":
        time.sleep(fault.seconds)
        return None
    if kind == "drop":
        hang_up(request.environ)
        return answer({}, 502)
    if kind == "garbage":
        return Response("<html><body>It went somewhere else", status=200, content_type="text/html")
    response = answer({"error": "Unavailable", "description": "The sandbox was told to fail"}, fault.status)
    response.headers.update(dict(fault.headers))
    return response


def hang_up(environ: dict[str, Any]) -> None:
    """Close the caller's connection without an answer.

    waitress hands out a bound method of the connection's channel, which is the one way to its socket.
    """
    connection: socket.socket = environ["waitress.client_disconnected"].__self__.socket
    connection.shutdown(socket.SHUT_RDWR)
