"""OpenID Connect: out to a provider of sign-ins and back, as https://openid.net/specs/openid-connect-core-1_0.html has
it, by the authorization code with state, nonce and PKCE. Who may sign in is decided elsewhere; nothing is stored here.
"""

from __future__ import annotations

import io
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from app.settings import is_loopback

SCOPE = "openid email"
LEEWAY = 60  #: seconds that the provider's clock may differ from ours
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MOST_BYTES = 1 << 20
DESCRIBED_FOR = 300.0  #: seconds for which what a provider says of itself is not asked for again


class OpenIdError(Exception):
    """Nobody was signed in; the message says why, and holds nothing secret."""


@dataclass(slots=True, kw_only=True)
class Described:
    """What a provider said of itself last, and until when that holds by the machine's own clock."""

    last: tuple[dict[str, Any], float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who vouches for people."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    timeout: float = 10.0  #: seconds for each answer, to its last byte
    described: Described = field(default_factory=Described, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What is remembered of somebody who went to the provider, until they come back."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says it is."""

    issuer: str
    subject: str
    email: str | None  #: only an address that the provider has verified


def depart(provider: Provider, return_url: str) -> tuple[str, Departure]:
    """The provider's address to go to, and what to remember. Raises OpenIdError."""
    found = _discover(provider)
    gone = Departure(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
    )
    with _session(provider, return_url) as session:
        url, _ = session.create_authorization_url(
            _endpoint(found, "authorization_endpoint"), state=gone.state, code_verifier=gone.verifier, nonce=gone.nonce
        )
    return str(url), gone


def come_back(provider: Provider, gone: Departure, code: str, return_url: str) -> Identity:
    """Who it is that came back with this code; its state was compared before. Raises OpenIdError."""
    found = _discover(provider)
    try:
        with _session(provider, return_url) as session:
            token = session.fetch_token(
                _endpoint(found, "token_endpoint"),
                grant_type="authorization_code",
                code=code,
                code_verifier=gone.verifier,
                timeout=provider.timeout,
                allow_redirects=False,
            )
    except (AuthlibBaseError, requests.RequestException, ValueError) as error:
        raise OpenIdError("the provider gave no token") from error
    claims = _claims(provider, found, dict(token), gone.nonce)
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(issuer=provider.issuer, subject=str(claims["sub"]), email=email if verified else None)


def _claims(provider: Provider, found: dict[str, Any], token: dict[str, Any], nonce: str) -> CodeIDToken:
    """The identity token's claims, once its signature, issuer, audience, times and nonce are as they have to be."""
    keys = _read(provider, _endpoint(found, "jwks_uri"))
    try:
        opened = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        options = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
        asked = {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(opened.claims, opened.header, options, asked)
        claims.validate(leeway=LEEWAY)
    except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as error:
        raise OpenIdError("the provider's identity token is not sound") from error
    return claims


def _discover(provider: Provider) -> dict[str, Any]:
    if provider.described.last is not None and time.monotonic() < provider.described.last[1]:
        return provider.described.last[0]
    found = _read(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise OpenIdError("the provider calls itself by another name than the setting does")
    provider.described.last = found, time.monotonic() + DESCRIBED_FOR
    return found


def _endpoint(found: dict[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str) or not (urlsplit(url).scheme == "https" or is_loopback(url)):
        raise OpenIdError(f"the provider's {name} is no https address")
    return url


def _read(provider: Provider, url: str) -> dict[str, Any]:
    try:
        with _bounded(requests.Session(), provider) as session:
            answer = session.get(url, timeout=provider.timeout, allow_redirects=False)
        read = json.loads(answer.content) if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as error:
        raise OpenIdError("the provider does not answer") from error
    if not isinstance(read, dict):
        raise OpenIdError("the provider does not answer as one")
    return read


def _session(provider: Provider, return_url: str) -> OAuth2Session:
    session = OAuth2Session(
        provider.client_id,
        provider.client_secret,
        scope=SCOPE,
        redirect_uri=return_url,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    return _bounded(session, provider)


_AnySession = TypeVar("_AnySession", bound=requests.Session)


def _bounded(session: _AnySession, provider: Provider) -> _AnySession:
    session.mount("https://", _Bounded(provider.timeout))
    session.mount("http://", _Bounded(provider.timeout))
    return session


class _Bounded(HTTPAdapter):
    """Reads every answer whole, and gives up on one that is too large or trickles for too long. `timeout` by itself
    only bounds the wait for the next byte."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        until = time.monotonic() + self._seconds
        answer = super().send(request, *args, **kwargs)
        try:
            body = _body(answer, until)
        except (HTTPError, OSError) as error:
            raise requests.ConnectionError("the answer broke off") from error
        finally:
            answer.close()
        answer.raw = io.BytesIO(body)
        return answer


def _body(answer: requests.Response, until: float) -> bytes:
    body = bytearray()
    while part := answer.raw.read1(1 << 16, decode_content=True):
        body += part
        if len(body) > MOST_BYTES or time.monotonic() > until:
            raise OSError("too much, or for too long")
    return bytes(body)
