"""The signed token with which Zendesk opens a sidebar: which desk it names, and whether that desk's key signed it.

Verified: RS256 and nothing else, the stored key of that very installation, issuer, one exact audience, expiry, and a
lifetime of at most ten minutes. That it is used once is the store's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

ALGORITHMS = ("RS256",)
LONGEST_LIFE = 600  #: seconds between issue and expiry
LEEWAY = 30  #: seconds that clocks may differ
LONGEST_TOKEN = 8192

_AUDIENCE = re.compile(r"https://([a-z0-9][a-z0-9-]{0,62})\.zendesk\.com/api/v2/apps/installations/([0-9]{1,20})\.json")


class BadLaunch(Exception):
    """The token does not prove what it should; the message is for our log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Whom an unverified token claims to be for. Only good for looking up the key."""

    subdomain: str
    installation_id: str

    @property
    def audience(self) -> str:
        return f"https://{self.subdomain}.zendesk.com/api/v2/apps/installations/{self.installation_id}.json"

    @property
    def issuer(self) -> str:
        return f"{self.subdomain}.zendesk.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLaunch:
    token_id: str  #: the token's jti, or a hash of a token that has none
    agent_id: str


def address_of(token: str) -> Address:
    """The installation that the token names. Raises BadLaunch; nothing is verified yet."""
    if not token or len(token) > LONGEST_TOKEN:
        raise BadLaunch("no token, or one that is too long")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise BadLaunch("not a token") from error
    audience = claims.get("aud")
    named = _AUDIENCE.fullmatch(audience) if isinstance(audience, str) else None
    if named is None:
        raise BadLaunch("audience is not one installation")
    return Address(subdomain=named[1], installation_id=named[2])


def verify(token: str, public_key: str, address: Address) -> VerifiedLaunch:
    """Raises BadLaunch unless the key of this installation signed the token for it, just now."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=list(ALGORITHMS),
            audience=address.audience,
            issuer=address.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "aud", "iss", "sub"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise BadLaunch(type(error).__name__) from error
    _check_claims(claims, address)
    token_id = claims.get("jti") or hashlib.sha256(token.encode()).hexdigest()
    return VerifiedLaunch(token_id=str(token_id)[:128], agent_id=_agent_id(claims["sub"]))


def _check_claims(claims: Mapping[str, Any], address: Address) -> None:
    # The library also takes a list of audiences that holds ours among others.
    if claims["aud"] != address.audience:
        raise BadLaunch("audience is not this one installation")
    if not isinstance(claims["exp"], int | float) or not isinstance(claims["iat"], int | float):
        raise BadLaunch("times are not numbers")
    if not 0 < claims["exp"] - claims["iat"] <= LONGEST_LIFE:
        raise BadLaunch("lives too long")


def _agent_id(subject: str) -> str:
    """The id at the end of the agent's API address, or the subject itself where it is a plain id."""
    found = re.search(r"([0-9]{1,20})(?:\.json)?$", subject)
    if found is None:
        raise BadLaunch("subject is no agent")
    return found[1]
