"""Times as the sandbox writes them, and the two kinds of made-up identity: ULIDs and secrets."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def iso(moment: datetime) -> str:
    """UTC with whole seconds, as in `2026-01-05T09:00:00Z`: the vendor's granularity, which safe updates rest on."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_exact(moment: datetime) -> str:
    """UTC with microseconds, as event envelopes have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_iso(text: str) -> datetime:
    """The moment behind an ISO 8601 text with a zone. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def real_now() -> datetime:
    """Mechanism time: signatures, retries and limits never follow a stepped business clock."""
    return datetime.now(UTC)


def make_ulid() -> str:
    """A new ULID: 48 bits of real time in milliseconds, then 80 random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def make_secret() -> str:
    return secrets.token_urlsafe(32)
