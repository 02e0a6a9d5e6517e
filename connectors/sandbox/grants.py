"""OAuth clients of the sandbox, the codes a person's consent gives, and tokens. No HTTP; secrets are kept as hashes.

Tokens live in real time, as everything does that keeps strangers out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.sandbox.refusals import Invalid, Refusal
from connectors.sandbox.stamps import make_secret
from connectors.sandbox.store import Db, Row, find_setting, insert, next_id, put_setting

CODE_SECONDS = 120
_LIVES = "oauth"


class GrantRefused(Refusal):
    """No tokens for this; `code` is the protocol's own word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """For how many seconds new tokens are good."""

    access_seconds: float = 1800
    refresh_seconds: float = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    id: int
    identifier: str
    name: str
    public: bool  #: it cannot keep a secret, so it has none, and needs PKCE
    secret_hash: str = field(repr=False)
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person let a client do; becomes a code, and that becomes tokens."""

    user_id: int
    scope: str
    redirect_uri: str
    challenge: str  #: S256 of PKCE; empty where the client sent none


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A valid access token, without its secret."""

    id: int
    client_id: int
    user_id: int
    scope: str
    created: float
    access_until: float
    refresh_until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """New tokens, told this once."""

    token: Token
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)


def add_client(db: Db, *, identifier: str, name: str, secret: str, redirect_uris: Sequence[str] = ()) -> Client:
    """A client; one with an empty `secret` is public. Raises Invalid for a name that is taken."""
    if find_client(db, identifier) is not None:
        raise Invalid({"identifier": "identifier: is taken already"})
    insert(
        db,
        "oauth_client",
        id=next_id(db),
        identifier=identifier,
        name=name,
        secret_hash=_hash(secret) if secret else "",
        redirect_uris=json.dumps(list(redirect_uris)),
    )
    return get_client(db, identifier)


def find_client(db: Db, identifier: str) -> Client | None:
    row = db.execute("SELECT * FROM oauth_client WHERE identifier = ?", (identifier,)).fetchone()
    return None if row is None else _client_of(row)


def get_client(db: Db, identifier: str) -> Client:
    """Raises GrantRefused."""
    client = find_client(db, identifier)
    if client is None:
        raise GrantRefused("invalid_client", "No such client.")
    return client


def check_secret(client: Client, secret: str) -> None:
    """Raises GrantRefused unless it is the client's own; a public client gives none."""
    if not hmac.compare_digest(_hash(secret) if secret else "", client.secret_hash):
        raise GrantRefused("invalid_client", "Client authentication failed.")


def make_code(db: Db, client: Client, consent: Consent) -> str:
    code = make_secret()
    insert(
        db,
        "oauth_code",
        code_hash=_hash(code),
        client_id=client.id,
        consent=json.dumps(asdict(consent)),
        until=time.time() + CODE_SECONDS,
    )
    return code


def use_code(db: Db, client: Client, code: str) -> Consent:
    """What stands behind the code, which works this once. Raises GrantRefused."""
    row = db.execute(
        "DELETE FROM oauth_code WHERE code_hash = ? AND client_id = ? RETURNING consent, until",
        (_hash(code), client.id),
    ).fetchone()
    if row is None or row["until"] <= time.time():
        raise GrantRefused("invalid_grant", "The code is invalid, expired or used already.")
    return Consent(**json.loads(row["consent"]))


def issue(db: Db, client: Client, *, user_id: int, scope: str, renewable: bool) -> Issued:
    """New tokens; without a refresh token unless `renewable`."""
    now, lives = time.time(), lives_of(db)
    access, refresh = make_secret(), make_secret() if renewable else None
    token = Token(
        id=next_id(db),
        client_id=client.id,
        user_id=user_id,
        scope=scope,
        created=now,
        access_until=now + lives.access_seconds,
        refresh_until=now + lives.refresh_seconds if renewable else None,
    )
    hashes = {"access_hash": _hash(access), "refresh_hash": _hash(refresh) if refresh else None}
    insert(db, "oauth_token", **asdict(token), **hashes)
    return Issued(token=token, access=access, refresh=refresh)


def rotate(db: Db, client: Client, refresh: str) -> Issued:
    """A new pair for an old one, which is dead from now on, its access token included. Raises GrantRefused."""
    row = db.execute(
        "DELETE FROM oauth_token WHERE refresh_hash = ? AND client_id = ? AND refresh_until > ? RETURNING *",
        (_hash(refresh), client.id, time.time()),
    ).fetchone()
    if row is None:
        raise GrantRefused("invalid_grant", "The refresh token is invalid, expired or revoked.")
    old = _token_of(row)
    return issue(db, client, user_id=old.user_id, scope=old.scope, renewable=True)


def find_token(db: Db, access: str) -> Token | None:
    """The token behind an access token that is good now."""
    row = db.execute(
        "SELECT * FROM oauth_token WHERE access_hash = ? AND access_until > ?", (_hash(access), time.time())
    ).fetchone()
    return None if row is None else _token_of(row)


def revoke_all(db: Db) -> int:
    """As an admin does who deletes the client's tokens; returns how many there were."""
    return db.execute("DELETE FROM oauth_token").rowcount


def lives_of(db: Db) -> Lives:
    return Lives(**find_setting(db, _LIVES, {}))


def set_lives(db: Db, wanted: Mapping[str, Any]) -> Lives:
    """Raises Invalid for an unknown name or a wrong value."""
    known = asdict(lives_of(db))
    wrong = {
        name: f"{name}: is not a life of tokens, or {value!r} is not a number of seconds"
        for name, value in wanted.items()
        if name not in known or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0
    }
    if wrong:
        raise Invalid(wrong)
    put_setting(db, _LIVES, {**known, **wanted})
    return lives_of(db)


def _client_of(row: Row) -> Client:
    return Client(
        id=row["id"],
        identifier=row["identifier"],
        name=row["name"],
        public=not row["secret_hash"],
        secret_hash=row["secret_hash"],
        redirect_uris=tuple(json.loads(row["redirect_uris"])),
    )


def _token_of(row: Row) -> Token:
    return Token(**{name: row[name] for name in row.keys() if not name.endswith("_hash")})  # noqa: SIM118  not a dict


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
