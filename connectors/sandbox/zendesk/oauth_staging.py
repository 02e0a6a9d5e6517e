"""The control surface of OAuth under /sandbox/oauth: how long tokens live, who may come back where, and trouble."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import grants
from connectors.sandbox.calls import answer, desk, payload, refuse
from connectors.sandbox.refusals import Malformed, Refusal
from connectors.sandbox.stamps import make_secret
from connectors.sandbox.zendesk.oauth import SCOPES, tokens_json

api = Blueprint("zendesk_oauth_staging", __name__, url_prefix="/sandbox/oauth")
api.register_error_handler(Refusal, refuse)


@api.before_request
def _json_only() -> None:
    """A page of another origin can post a form here, but not JSON."""
    if request.method == "POST" and request.content_length and request.mimetype != "application/json":
        raise Malformed("send application/json")


@api.get("")
def show() -> Response:
    """Lives of tokens, and how often tokens were given and refused."""
    with desk().file.reading() as db:
        rows = db.execute("SELECT name, value FROM counter WHERE name LIKE 'oauth:%'")
        counts = {row["name"].removeprefix("oauth:"): row["value"] for row in rows}
        return answer({**asdict(grants.lives_of(db)), "issued": 0, "refused": 0, **counts})


@api.post("")
def change() -> Response:
    """`access_seconds` and `refresh_seconds`, of tokens given from now on."""
    with desk().file.writing() as db:
        return answer(asdict(grants.set_lives(db, _body())))


@api.post("/clients")
def add_client() -> Response:
    """Register a client: `identifier`, `redirect_uris`, `public`. Answers its secret, this once."""
    body = _body()
    identifier, uris = body.get("identifier"), body.get("redirect_uris", [])
    if not isinstance(identifier, str) or not identifier or not isinstance(uris, list):
        raise Malformed("a client needs an identifier, and redirect_uris that are a list")
    secret = "" if body.get("public") is True else make_secret()
    with desk().file.writing() as db:
        grants.add_client(db, identifier=identifier, name=identifier, secret=secret, redirect_uris=uris)
    return answer({"client_id": identifier, "client_secret": secret}, 201)


@api.post("/pairs")
def make_pair() -> Response:
    """A pair for the account's own client, as if its admin had consented."""
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        client = grants.get_client(db, helpdesk.account.oauth_client_id)
        scope = " ".join(sorted(SCOPES))
        issued = grants.issue(db, client, user_id=helpdesk.account.integration_id, scope=scope, renewable=True)
    return answer(tokens_json(issued), 201)


@api.post("/revoke")
def revoke() -> Response:
    """End every token at once."""
    with desk().file.writing() as db:
        return answer({"revoked": grants.revoke_all(db)})


def _body() -> dict[str, Any]:
    return payload() if request.content_length else {}
