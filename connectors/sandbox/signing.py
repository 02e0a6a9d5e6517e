"""The signature over a webhook request, as the vendor computes it."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret's own bytes, timestamp then body)); an older page of the vendor had them reversed."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
