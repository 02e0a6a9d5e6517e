"""Signed sidebar launches as a helpdesk makes them, and as somebody else might."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INSTALLATION = "360001"


@cache
def key(name: str = "helpdesk") -> RSAPrivateKey:
    """A private key per name, made once."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(name: str = "helpdesk") -> str:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sidebar_settings(name: str = "helpdesk", installation: str = INSTALLATION) -> dict[str, str]:
    return {"app_id": "77", "installation_id": installation, "public_key": public_pem(name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of a good token; tests change one thing. None leaves a claim out."""

    subdomain: str = "example"
    installation: str = INSTALLATION
    lifetime: timedelta = timedelta(minutes=5)
    issued: datetime = field(default_factory=lambda: datetime.now(UTC))
    jti: str | None = "launch-1"
    extra: dict[str, Any] = field(default_factory=dict)

    def build(self) -> dict[str, Any]:
        host = f"{self.subdomain}.zendesk.com"
        claims: dict[str, Any] = {
            "iss": host,
            "aud": f"https://{host}/api/v2/apps/installations/{self.installation}.json",
            "sub": f"https://{host}/api/v2/users/4001.json",
            "iat": int(self.issued.timestamp()),
            "exp": int((self.issued + self.lifetime).timestamp()),
            "jti": self.jti,
            "context": {"product": "support", "location": "ticket_sidebar"},
        }
        return {name: value for name, value in {**claims, **self.extra}.items() if value is not None}


def signed(claims: Claims | None = None, *, by: str = "helpdesk", **headers: Any) -> str:
    return jwt.encode((claims or Claims()).build(), key(by), algorithm="RS256", headers=headers or None)
