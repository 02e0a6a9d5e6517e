"""The signed token of a sidebar launch: one algorithm, one key, one audience, short life."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.web.launch_token import Address, BadLaunch, VerifiedLaunch, address_of, verify
from tests.web.launching import INSTALLATION, Claims, key, public_pem, signed

OURS = Address(subdomain="example", installation_id=INSTALLATION)


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes | None = None) -> str:
    """A token that no library would make."""
    body = f"{unpadded(json.dumps(header).encode())}.{unpadded(json.dumps(claims).encode())}"
    if signature is None:
        signature = hmac.new(public_pem().encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{unpadded(signature)}"


def test_a_good_token_names_the_agent_and_itself() -> None:
    assert verify(signed(), public_pem(), OURS) == VerifiedLaunch(token_id="launch-1", agent_id="4001")


def test_a_token_without_an_id_is_known_by_its_hash() -> None:
    token = signed(Claims(jti=None))

    assert verify(token, public_pem(), OURS).token_id == hashlib.sha256(token.encode()).hexdigest()


def test_a_token_tells_whom_it_is_for() -> None:
    assert address_of(signed()) == OURS


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    with pytest.raises(BadLaunch):
        verify(by_hand({"alg": "HS256", "typ": "JWT"}, Claims().build()), public_pem(), OURS)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "ES256"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    with pytest.raises(BadLaunch):
        verify(by_hand({"alg": algorithm}, Claims().build(), b""), public_pem(), OURS)


def test_a_stronger_algorithm_of_the_same_key_is_refused_too() -> None:
    token = jwt.encode(Claims().build(), key(), algorithm="RS512")

    with pytest.raises(BadLaunch):
        verify(token, public_pem(), OURS)


def test_another_key_is_refused() -> None:
    with pytest.raises(BadLaunch):
        verify(signed(by="stranger"), public_pem(), OURS)


def test_a_key_that_the_token_brings_along_is_ignored() -> None:
    token = signed(
        by="stranger", jwk={"kty": "RSA"}, jku="http://127.0.0.1:9/keys", x5u="http://127.0.0.1:9/x", kid="1"
    )

    with pytest.raises(BadLaunch):
        verify(token, public_pem(), OURS)


@pytest.mark.parametrize("claim", ["exp", "iat", "aud", "iss", "sub"])
def test_a_missing_claim_is_refused(claim: str) -> None:
    with pytest.raises(BadLaunch):
        verify(signed(Claims(extra={claim: None})), public_pem(), OURS)


@pytest.mark.parametrize(
    "extra",
    [
        {"iss": "other.zendesk.com"},
        {"iss": "https://example.zendesk.com"},
        {"aud": "https://other.zendesk.com/api/v2/apps/installations/360001.json"},
        {"aud": "https://example.zendesk.com/api/v2/apps/installations/360002.json"},
        {"aud": ["https://evil.example", "https://example.zendesk.com/api/v2/apps/installations/360001.json"]},
        {"aud": ["https://example.zendesk.com/api/v2/apps/installations/360001.json"]},
        {"sub": "nobody"},
        {"exp": "soon"},
        {"exp": True},
    ],
)
def test_a_claim_that_is_not_exactly_ours_is_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(BadLaunch):
        verify(signed(Claims(extra=extra)), public_pem(), OURS)


@pytest.mark.parametrize(
    ("issued", "lifetime"),
    [(-360, 300), (120, 300), (0, 601), (0, 315_000_000), (-86_400, 86_700), (0, 0), (0, -5)],
    ids=["expired", "from the future", "a second too long", "ten years", "issued yesterday", "no time", "backwards"],
)
def test_a_token_outside_its_short_life_is_refused(issued: int, lifetime: int) -> None:
    at = datetime.now(UTC) + timedelta(seconds=issued)
    claims = Claims(issued=at, lifetime=timedelta(seconds=lifetime))

    with pytest.raises(BadLaunch):
        verify(signed(claims), public_pem(), OURS)


def test_clocks_may_differ_a_little() -> None:
    claims = Claims(issued=datetime.now(UTC) + timedelta(seconds=20))

    assert verify(signed(claims), public_pem(), OURS).agent_id == "4001"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "x" * 9000,
        by_hand({"alg": "RS256"}, {"aud": 7}, b"s"),
        by_hand({"alg": "RS256"}, {}, b"s"),
    ],
)
def test_what_is_no_token_has_no_address(token: str) -> None:
    with pytest.raises(BadLaunch):
        address_of(token)


@pytest.mark.parametrize(
    "audience",
    [
        "https://example.zendesk.com.evil.example/api/v2/apps/installations/1.json",
        "https://evil.example/example.zendesk.com/api/v2/apps/installations/1.json",
        "http://example.zendesk.com/api/v2/apps/installations/1.json",
        "https://example.zendesk.com/api/v2/apps/installations/1.json\n",
        "https://Example.zendesk.com/api/v2/apps/installations/1.json",
    ],
)
def test_an_audience_of_another_form_has_no_address(audience: str) -> None:
    with pytest.raises(BadLaunch):
        address_of(signed(Claims(extra={"aud": audience})))


@pytest.mark.parametrize("stored", ["", "not a key"])
def test_a_desk_without_a_usable_key_opens_nothing(stored: str) -> None:
    with pytest.raises(BadLaunch):
        verify(signed(), stored, OURS)
