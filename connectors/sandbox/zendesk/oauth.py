"""OAuth as Zendesk speaks it: the page where a person consents, and the endpoint that gives and renews tokens.

What tokens are lives in `connectors.sandbox.grants`. https://developer.zendesk.com/api-reference/ticketing/oauth/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from connectors.sandbox import grants, people
from connectors.sandbox.calls import answer, desk, find_fault, payload, spoil
from connectors.sandbox.grants import Client, Consent, GrantRefused, Issued
from connectors.sandbox.launch import origin_of
from connectors.sandbox.pages import page
from connectors.sandbox.refusals import Malformed, Missing, Refusal
from connectors.sandbox.stamps import iso
from connectors.sandbox.store import Db, add_to_counter
from connectors.sandbox.zendesk.answers import api_url

site = Blueprint("zendesk_oauth_pages", __name__)
api = Blueprint("zendesk_oauth", __name__)

SCOPES = frozenset({"read", "write"})
_UNAVAILABLE = {"error": "temporarily_unavailable"}


@site.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return page("problem.html", status=400, message=str(refusal))


@site.before_request
def _own_forms_only() -> None:
    """Consent is given on our own page alone; browsers name the page a form came from."""
    origin = request.headers.get("Origin")
    if request.path.endswith("/oauth/authorizations") and origin and urlsplit(origin).netloc != request.host:
        raise Malformed("This form was sent from another site.")


@site.get("/oauth/authorizations/new")
def ask() -> Response:
    """The consent page. The sandbox has no sign-in: whoever is here acts as the integration's admin."""
    with desk().file.reading() as db:
        client, consent = _wanted(db, request.args)
        person = people.get(db, consent.user_id)
    form = {name: request.args.get(name, "") for name in (*_CARRIED, "state")}
    return page(
        "consent.html", frame=origin_of(consent.redirect_uri), client=client, scope=consent.scope, person=person,
        carried=form,
    )  # fmt: skip


@site.post("/oauth/authorizations")
def decide() -> BaseResponse:
    helpdesk, state = desk(), request.form.get("state", "")
    with helpdesk.file.writing() as db:
        client, consent = _wanted(db, request.form)
        agreed = request.form.get("decision") == "allow"
        code = grants.make_code(db, client, consent) if agreed else ""
    told = {"code": code} if agreed else {"error": "access_denied", "error_description": "The end-user denied access"}
    if state:
        told["state"] = state
    separator = "&" if urlsplit(consent.redirect_uri).query else "?"
    return redirect(f"{consent.redirect_uri}{separator}{urlencode(told)}", 303)


@site.post("/oauth/tokens")
def give() -> Response:
    """Tokens for a code, a refresh token or a client's own credentials."""
    fault = find_fault()
    if fault is None:
        return _given()
    if fault.early:
        return spoil(fault, _UNAVAILABLE) or _given()
    response = _given()
    return spoil(fault, _UNAVAILABLE) or response


def _given() -> Response:
    helpdesk = desk()
    try:
        with helpdesk.file.writing() as db:
            add_to_counter(db, "oauth:issued")
            return answer(tokens_json(_issued(db, payload())))
    except (GrantRefused, Malformed) as refusal:
        with helpdesk.file.writing(quiet=True) as db:
            add_to_counter(db, "oauth:refused")
        code = refusal.code if isinstance(refusal, GrantRefused) else "invalid_request"
        return answer({"error": code, "error_description": str(refusal)}, 401 if code == "invalid_client" else 400)


@api.get("/oauth/tokens/current")
def current() -> Response:
    """What is known of the token that the call itself carries."""
    token = g.get("token")
    if token is None:
        raise Missing("no OAuth token was used")
    shown = {
        "id": token.id,
        "url": api_url(f"oauth/tokens/{token.id}.json"),
        "client_id": token.client_id,
        "user_id": token.user_id,
        "scopes": token.scope.split(),
        "created_at": _stamp(token.created),
        "expires_at": _stamp(token.access_until),
        "refresh_token_expires_at": _stamp(token.refresh_until),
    }
    return answer({"token": shown})


def _stamp(seconds: float | None) -> str | None:
    return None if seconds is None else iso(datetime.fromtimestamp(seconds, UTC))


_CARRIED = ("client_id", "redirect_uri", "response_type", "scope", "code_challenge", "code_challenge_method")


def _wanted(db: Db, given: Mapping[str, str]) -> tuple[Client, Consent]:
    """Who asks for what. Raises Refusal: while client and address are in doubt, nobody is sent anywhere."""
    client = grants.get_client(db, given.get("client_id", ""))
    uri = given.get("redirect_uri", "")
    if uri not in client.redirect_uris and (client.redirect_uris or not _is_here(uri)):
        raise Malformed("The address to return to is not one of this client's.")
    if given.get("response_type") != "code":
        raise Malformed("Only the response type 'code' is offered.")
    challenge = given.get("code_challenge", "")
    if (challenge or client.public) and (given.get("code_challenge_method") != "S256" or len(challenge) != 43):
        raise Malformed("The code challenge must be an S256 one.")
    scope = _scope(given)
    return client, Consent(user_id=desk().account.integration_id, scope=scope, redirect_uri=uri, challenge=challenge)


def _is_here(uri: str) -> bool:
    """A client without addresses of its own may have people return to anywhere on this machine."""
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and parts.hostname in ("localhost", "127.0.0.1", "::1")


def _scope(given: Mapping[str, Any]) -> str:
    words = str(given.get("scope", "")).split()
    if not words or not set(words) <= SCOPES:
        raise GrantRefused("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return " ".join(words)


def _issued(db: Db, body: Mapping[str, Any]) -> Issued:
    wrong = [name for name, value in body.items() if not isinstance(value, str)]
    if wrong:
        raise Malformed(f"{', '.join(wrong)}: must be text")
    grant = _GRANTS.get(body.get("grant_type", ""))
    if grant is None:
        raise GrantRefused("unsupported_grant_type", "The grant type is not supported.")
    client = grants.get_client(db, body.get("client_id", ""))
    grants.check_secret(client, body.get("client_secret", ""))
    return grant(db, client, body)


def _by_code(db: Db, client: Client, body: Mapping[str, str]) -> Issued:
    consent = grants.use_code(db, client, body.get("code", ""))
    if body.get("redirect_uri") != consent.redirect_uri:
        raise GrantRefused("invalid_grant", "The address is not the one that the code was asked for.")
    if consent.challenge and not _proves(body.get("code_verifier", ""), consent.challenge):
        raise GrantRefused("invalid_grant", "The code verifier does not fit the challenge.")
    return grants.issue(db, client, user_id=consent.user_id, scope=consent.scope, renewable=True)


def _proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _by_refresh(db: Db, client: Client, body: Mapping[str, str]) -> Issued:
    return grants.rotate(db, client, body.get("refresh_token", ""))


def _by_client(db: Db, client: Client, body: Mapping[str, str]) -> Issued:
    if client.public:
        raise GrantRefused("unauthorized_client", "Only confidential clients may use their own credentials.")
    return grants.issue(db, client, user_id=desk().account.integration_id, scope=_scope(body), renewable=False)


_GRANTS: Mapping[str, Callable[[Db, Client, Mapping[str, str]], Issued]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_client,
}


def tokens_json(issued: Issued) -> dict[str, Any]:
    token = issued.token
    shown: dict[str, Any] = {
        "access_token": issued.access,
        "token_type": "bearer",
        "scope": token.scope,
        "expires_in": round(token.access_until - token.created, 3),
    }
    if issued.refresh is not None and token.refresh_until is not None:
        shown |= {
            "refresh_token": issued.refresh,
            "refresh_token_expires_in": round(token.refresh_until - token.created, 3),
        }
    return shown
