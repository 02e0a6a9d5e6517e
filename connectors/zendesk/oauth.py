"""Zendesk's OAuth: tokens for a consent, a refresh token or a client's own credentials, and calls that carry them.

Who keeps tokens is the app's affair (`TokenStore`). Nothing of a token, code or secret is ever part of an error.
https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest
from requests.auth import AuthBase

from connectors.base import Line, Tokens, TokenStore
from connectors.errors import ConnectorError, Refused, Unavailable
from connectors.granting import Authorizer, ConsentRequest, HeldTokens
from connectors.http import DeskSession, json_object, loopback_url, open_session, refused

SCOPE = "read write"

#: Tokens are given up so much before their end that a call under way does not outlast them: a minute, or a tenth of
#: their life where that is shorter.
_MARGIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A client registered at the helpdesk, and the refresh token it was given, if its tokens are a user's."""

    id: str
    secret: str = field(repr=False)
    refresh: str | None = field(repr=False, default=None)


class TokenEndpoint:
    """Trades what we have for tokens, one call each."""

    def __init__(self, *, subdomain: str, base_url: str | None, client: OAuthClient, line: Line) -> None:
        site = f"https://{subdomain}.zendesk.com"
        self._url, self._client = f"{site}/oauth/tokens", client
        self._open: Callable[[], DeskSession] = lambda: open_session(
            origin=site, base_url=base_url, line=line, refusal=oauth_refusal
        )

    def fetch(self, held: Tokens | None) -> Tokens:
        """New tokens in place of those held; a user's old pair is dead as soon as the helpdesk has answered.

        Raises Refused(auth=True) when only a person can help, Unavailable(sent=True) when the outcome is unknown.
        """
        refresh = (held.refresh if held else None) or self._client.refresh
        if self._client.refresh is None or refresh is None:
            return self._trade({"grant_type": "client_credentials", "scope": SCOPE}, keep=None)
        return self._trade({"grant_type": "refresh_token", "refresh_token": refresh}, keep=refresh)

    def redeem(self, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """The first pair, for the code that a person's consent gave. Raises as `fetch`."""
        grant = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "scope": SCOPE}
        tokens = self._trade({**grant, "redirect_uri": redirect_uri}, keep=None)
        if tokens.refresh is None:
            raise Refused("the helpdesk gave no refresh token, so access would end within the hour", auth=True)
        return tokens

    def _trade(self, grant: Mapping[str, str], *, keep: str | None) -> Tokens:
        body = {**grant, "client_id": self._client.id, "client_secret": self._client.secret}
        asked_at = machine_now()
        with self._open() as session:
            answer = session.post(self._url, json=body)
        return read_tokens(json_object(answer.text) or {}, asked_at=asked_at, keep=keep)


class BearerAuth(AuthBase):
    """Puts the desk's access token on every request; renews it shortly before its end, or when it is refused."""

    def __init__(self, store: TokenStore, fetch: Callable[[Tokens | None], Tokens]) -> None:
        self._store, self._fetch = store, fetch
        self._held: Tokens | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._held = self._held or self._store.current()
        if self._held is None or _over(self._held):
            self._held = self._store.renew(self._held, self._fetch)
        return self._carrying(request, self._held)

    def again(self, request: PreparedRequest) -> bool:
        """After a 401, which had no effect: put a newer token on the request, so that it can be sent once more."""
        self._held = self._store.renew(self._held, self._fetch)
        self._carrying(request, self._held)
        return True

    @staticmethod
    def _carrying(request: PreparedRequest, tokens: Tokens) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {tokens.access}"
        return request


def carry_tokens(session: DeskSession, endpoint: TokenEndpoint, store: TokenStore | None) -> None:
    """Have every request of the session carry a good access token; without a store they end with the session."""
    bearer = BearerAuth(store or HeldTokens(), endpoint.fetch)
    session.auth, session.renew_access = bearer, bearer.again


class ZendeskAuthorizer(Authorizer):
    """See `connectors.granting.Authorizer`. Authorization code with PKCE (S256)."""

    def url(self, asked: ConsentRequest, *, challenge: str, state: str) -> str:
        site = f"https://{asked.subdomain}.zendesk.com" if asked.base_url is None else loopback_url(asked.base_url)
        query = {
            "response_type": "code",
            "client_id": asked.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{site}/oauth/authorizations/new?{urlencode(query)}"

    def redeem(self, asked: ConsentRequest, *, code: str, verifier: str, line: Line) -> Tokens:
        client = OAuthClient(id=asked.client_id, secret=asked.client_secret)
        endpoint = TokenEndpoint(subdomain=asked.subdomain, base_url=asked.base_url, client=client, line=line)
        return endpoint.redeem(code=code, verifier=verifier, redirect_uri=asked.redirect_uri)


def read_tokens(body: Mapping[str, Any], *, asked_at: datetime, keep: str | None = None) -> Tokens:
    """An answer's tokens; `keep` is the refresh token that stays good if there is no new one.

    Raises Unavailable(sent=True) for an answer without an access token.
    """
    access, refresh, seconds = body.get("access_token"), body.get("refresh_token"), body.get("expires_in")
    if not isinstance(access, str) or not access:
        raise Unavailable("the helpdesk's answer has no access token", sent=True)
    life = None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 10**9:
        life = timedelta(seconds=seconds)
    return Tokens(
        access=access,
        refresh=refresh if isinstance(refresh, str) and refresh else keep,
        expires_at=None if life is None else asked_at + life - min(_MARGIN, life / 10),
    )


def oauth_refusal(status: int, body: Mapping[str, Any] | None) -> ConnectorError:
    """What a 4xx of the token endpoint means; the vendor's words are RFC 6749's, and its sentences are left out."""
    if body is None and status == 404:
        return refused(status, None)
    said = _MEANINGS.get(str((body or {}).get("error")))
    return Refused(said or f"the helpdesk gave no tokens and answered {status}", auth=True)


_MEANINGS = {
    "invalid_grant": "the helpdesk does not take what it gave us for renewing access any more (invalid_grant)",
    "invalid_client": "the helpdesk does not know this client id with this secret (invalid_client)",
    "unauthorized_client": "this client may not get tokens in this way (unauthorized_client)",
    "invalid_scope": f"this client may not have the scopes {SCOPE!r} (invalid_scope)",
}


def machine_now() -> datetime:
    """Tokens live in the machine's time, whatever business time a line keeps."""
    return datetime.now(UTC)


def _over(tokens: Tokens) -> bool:
    return tokens.expires_at is not None and machine_now() >= tokens.expires_at
