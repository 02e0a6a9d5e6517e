"""The signature of webhook requests, against values computed by another program."""

from __future__ import annotations

import pytest

from connectors.sandbox.signing import sign

#: Made with `printf '%s' "$timestamp$body" | openssl dgst -sha256 -hmac "$secret" -binary | base64`.
VECTORS = [
    ("a-secret", "2026-01-05T12:00:00Z", b'{"id":"1"}', "fR4O31TRsLZTa4rGe2MybsAKOiaG7VIX5uygYazHb+0="),
    ("a-secret", "2026-01-05T12:00:00Z", b"", "bmgf5S4ERvEq67Xh2g6YiinxRr0xgzIbB3u7QKF82WM="),
    (
        "c2VjcmV0IHRoYXQgbG9va3MgbGlrZSBiYXNlNjQ=",
        "2026-01-05T12:00:01Z",
        '{"text":"größer"}'.encode(),
        "B4AhAtmsMTraJB97YkTCwp4jXAU1opBl611R/qUtJU0=",
    ),
]


@pytest.mark.parametrize(("secret", "timestamp", "body", "signature"), VECTORS)
def test_the_signature_is_the_timestamp_then_the_body(secret: str, timestamp: str, body: bytes, signature: str) -> None:
    assert sign(secret, timestamp, body) == signature


def test_the_other_order_gives_another_signature() -> None:
    assert sign("a-secret", '{"id":"1"}', b"2026-01-05T12:00:00Z") != sign(
        "a-secret", "2026-01-05T12:00:00Z", b'{"id":"1"}'
    )
