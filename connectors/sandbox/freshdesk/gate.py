"""What every Freshdesk call passes: counting, faults, the API key and rate limits, before and after the view."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from flask import Blueprint, Response, g, request

from connectors.sandbox import people
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.calls import answer, count_call, desk, find_fault, refuse, spoil
from connectors.sandbox.faults import Fault
from connectors.sandbox.freshdesk import limits
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.people import Person
from connectors.sandbox.refusals import Refusal

_UNAVAILABLE = {"code": "internal_error", "message": "We're sorry, but something went wrong."}


def guard(api: Blueprint) -> None:
    """Put the gate in front of every view of the blueprint."""
    api.before_request(_enter)
    api.after_request(_leave)
    api.register_error_handler(Refusal, refuse)


def agent_key(account: SandboxAccount, person_id: int) -> str:
    """The API key of one agent; the integration's own is `account.api_token`."""
    if person_id == account.integration_id:
        return account.api_token
    return hmac.new(account.api_token.encode(), str(person_id).encode(), hashlib.sha256).hexdigest()[:20]


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
    # A call with wrong credentials counts too.
    refused = _limited(helpdesk, 0 if person is None else person.id)
    if refused is not None:
        return refused
    if person is None:
        said = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
        return answer(said, 401)
    g.actor = person
    return None


def _leave(response: Response) -> Response:
    # A request that was turned away before the gate has neither.
    if g.get("standings"):
        response.headers.update(limits.headers(g.standings))
    fault: Fault | None = g.get("fault")
    if fault is None or fault.early:
        return response
    return spoil(fault, _UNAVAILABLE) or response


def _person(helpdesk: Helpdesk) -> Person | None:
    """The agent whose API key is the user name; any password will do, as at the vendor."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    key, colon, _ = _basic(value).partition(":")
    if scheme.lower() != "basic" or not colon:
        return None
    with helpdesk.file.reading() as db:
        staff = [one for one in people.staff(db) if not one.suspended]
    return next((one for one in staff if _same(key, agent_key(helpdesk.account, one.id))), None)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _limited(helpdesk: Helpdesk, person_id: int) -> Response | None:
    path = request.full_path if request.query_string else request.path
    g.standings = helpdesk.limits.spend(request.method, path, person_id)
    over = [item for item in g.standings if item.remaining < 0]
    if not over or helpdesk.limits.plan.unlimited:
        return None
    response = answer({"message": "You have exceeded the limit of requests per minute"}, 429)
    response.headers["Retry-After"] = str(max(item.resets for item in over))
    return response
