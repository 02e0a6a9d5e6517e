"""What every API call passes: counting, faults, credentials and rate limits, before and after the view."""

from __future__ import annotations

import base64
import binascii
import hmac

from flask import Blueprint, Response, g, request

from connectors.sandbox import grants, limits, people
from connectors.sandbox.calls import answer, count_call, desk, find_fault, refuse, spoil
from connectors.sandbox.faults import Fault
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.people import Person
from connectors.sandbox.refusals import Refusal
from connectors.sandbox.store import Db

_UNAVAILABLE = {"error": "Unavailable", "description": "The sandbox was told to fail"}


def guard(api: Blueprint) -> None:
    """Put the gate in front of every view of the blueprint."""
    api.before_request(_enter)
    api.after_request(_leave)
    api.register_error_handler(Refusal, refuse)


def _enter() -> Response | None:
    helpdesk = desk()
    g.standings = []
    count_call()
    fault = find_fault()
    if fault is not None and fault.early:
        spoiled = spoil(fault, _UNAVAILABLE)
        if spoiled is not None:
            return spoiled
    person = _person(helpdesk)
    if person is None:
        return answer(_stranger(), 401)
    g.actor = person
    return _beyond_scope() or _limited(helpdesk, person)


def _leave(response: Response) -> Response:
    # A request that was turned away before the gate has neither.
    if g.get("standings"):
        response.headers.update(limits.headers(g.standings))
    fault: Fault | None = g.get("fault")
    if fault is None or fault.early:
        return response
    return spoil(fault, _UNAVAILABLE) or response


def _person(helpdesk: Helpdesk) -> Person | None:
    """The user behind the credentials: `email/token:KEY` of any agent, an OAuth token, or the admin's lasting one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    account = helpdesk.account
    with helpdesk.file.reading() as db:
        if scheme.lower() == "bearer":
            return _bearer(helpdesk, db, value.strip())
        name, _, key = _basic(value).rpartition(":")
        email, _, word = name.rpartition("/")
        if scheme.lower() != "basic" or word != "token":
            return None
        right = hmac.compare_digest(key.encode(), account.api_token.encode())
        person = people.find_by_email(db, email) if right else None
    return person if person is not None and person.is_staff else None


def _bearer(helpdesk: Helpdesk, db: Db, access: str) -> Person | None:
    account = helpdesk.account
    if hmac.compare_digest(access.encode(), account.oauth_token.encode()):
        return people.find(db, account.integration_id)
    g.token = token = grants.find_token(db, access)
    return None if token is None else people.find(db, token.user_id)


def _stranger() -> dict[str, str]:
    """The vendor's words for credentials it does not take; those for OAuth tokens are the protocol's."""
    if not request.headers.get("Authorization", "").lower().startswith("bearer "):
        return {"error": "Couldn't authenticate you"}
    said = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    return {"error": "invalid_token", "error_description": said}


def _beyond_scope() -> Response | None:
    """An OAuth token may do what its scope says."""
    needed = "read" if request.method in ("GET", "HEAD") else "write"
    token: grants.Token | None = g.get("token")
    if token is None or needed in token.scope.split():
        return None
    return answer({"error": "Forbidden", "description": f"Missing the following required scopes: {needed}"}, 403)


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
