"""Signed links for people without an account: the survey, the way out of it, and the button that acknowledges an alert.
Addresses only; nothing is looked up.

A link holds a random id and a signature over it, and nothing about the person. Only the id's hash is stored, so the
database alone gives nobody a working link; the signature is checked first, so that guessing never reaches the database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

from app.vault import Vault

SURVEY = "survey"
OPT_OUT = "opt-out"
ACKNOWLEDGE = "acknowledge"

_ID_BYTES = 16
_SIGNATURE_BYTES = 16
_FORM = re.compile(r"[A-Za-z0-9_-]{22}[A-Za-z0-9_-]{22}", re.ASCII)


def make_token(vault: Vault, purpose: str = SURVEY) -> tuple[str, str]:
    """A fresh token of 44 characters, and the hash that is stored in its place."""
    identity = secrets.token_bytes(_ID_BYTES)
    return _sign(vault, purpose, identity), _hash(identity)


def read_token(vault: Vault, token: str, purpose: str = SURVEY) -> str | None:
    """The stored hash behind the token; None unless one of our keys signed it for this purpose."""
    if _FORM.fullmatch(token) is None:
        return None
    identity, signature = _decode(token[:22]), _decode(token[22:])
    # The last character carries four bits that nobody reads; a token with others there would be a second spelling.
    if identity is None or signature is None:
        return None
    signed = [
        hmac.compare_digest(_signature(key, purpose, identity), signature) for key in vault.signing_keys(_key(purpose))
    ]
    return _hash(identity) if any(signed) else None


def opt_out_token(vault: Vault, survey_token: str) -> str:
    """The token by which the same person can ask for no more surveys. Raises ValueError for one that is not ours."""
    if read_token(vault, survey_token) is None:
        raise ValueError("not a survey token of ours")
    identity = _decode(survey_token[:22])
    assert identity is not None
    return _sign(vault, OPT_OUT, identity)


def survey_url(public_url: str, token: str) -> str:
    return f"{public_url}/s/{token}"


def opt_out_url(public_url: str, token: str) -> str:
    """`token` is one of `opt_out_token`."""
    return f"{public_url}/s/{token}/stop"


def acknowledge_url(public_url: str, token: str) -> str:
    """`token` is one made for `ACKNOWLEDGE`."""
    return f"{public_url}/a/{token}"


def _key(purpose: str) -> str:
    return f"link:{purpose}"


def _sign(vault: Vault, purpose: str, identity: bytes) -> str:
    newest = vault.signing_keys(_key(purpose))[0]
    return _encode(identity) + _encode(_signature(newest, purpose, identity))


def _signature(key: bytes, purpose: str, identity: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b":" + identity, hashlib.sha256)[:_SIGNATURE_BYTES]


def _hash(identity: bytes) -> str:
    return hashlib.sha256(b"kintsugi:link:" + identity).hexdigest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "==")
    except binascii.Error:
        return None
    return raw if _encode(raw) == text else None
