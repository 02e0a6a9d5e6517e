"""The sandbox's own identity: ids, credentials and keys, made up once and kept in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.sandbox.stamps import make_secret, make_ulid
from connectors.sandbox.store import Db, find_setting, next_id, put_setting

_SETTING = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAccount:
    """What a client needs to connect. The same after every restart on the same file."""

    id: int
    vendor: str = "zendesk"
    subdomain: str = "sandbox"
    email: str = "integration@example.com"  #: the admin whom API calls act as
    api_token: str = field(repr=False)
    oauth_token: str = field(repr=False)  #: accepted as a Bearer token, for the same admin
    oauth_client_id: str = "kintsugi"  #: a confidential client of its own
    oauth_client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)  #: of the webhook that `Sandbox.connect` makes
    integration_id: int
    agent_ids: tuple[int, ...]
    group_ids: Mapping[str, int]  #: by name
    macro_ids: Mapping[str, int]  #: by title
    field_ids: Mapping[str, int]  #: by title
    brand_id: int
    form_id: int
    survey_id: str
    app_id: int
    installation_id: int
    app_guid: str
    public_key: str  #: PEM; verifies the sidebar's launch tokens
    private_key: str = field(repr=False)


def find(db: Db) -> SandboxAccount | None:
    stored: dict[str, Any] | None = find_setting(db, _SETTING)
    if stored is None:
        return None
    stored["agent_ids"] = tuple(stored["agent_ids"])
    return SandboxAccount(**stored)


def keep(db: Db, account: SandboxAccount) -> None:
    put_setting(db, _SETTING, asdict(account))


def make(db: Db, **seeded: Any) -> SandboxAccount:
    """A new identity around what was seeded: vendor, integration_id, agent_ids, group_ids, macro_ids, field_ids."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ids: dict[str, Any] = {name: next_id(db) for name in ("id", "brand_id", "form_id", "app_id", "installation_id")}
    account = SandboxAccount(
        **ids,
        **seeded,
        api_token=make_secret(),
        oauth_token=make_secret(),
        oauth_client_secret=make_secret(),
        webhook_secret=make_secret(),
        survey_id=make_ulid(),
        app_guid=make_ulid(),
        public_key=key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )
    keep(db, account)
    return account


__all__ = ["SandboxAccount", "find", "keep", "make"]
