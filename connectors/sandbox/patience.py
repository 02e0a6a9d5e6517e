"""How long the deliverer waits and how often it tries. The rules that use these numbers are each vendor's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """In seconds. Tests make them shorter; nothing else about a retry changes with them."""

    timeout: float = 12.0
    # Zendesk's
    conflict_tries: int = 4  #: a 409 is retried three times
    silence_tries: int = 6  #: an attempt without an answer is retried five times
    busy_tries: int = 6
    longest_retry_after: float = 60.0  #: a 429 or 503 that asks for more is final, as is one that asks for nothing
    pause: float = 1.0  #: before the first retry; doubles every time
    # Freshdesk's
    again: float = 1800.0  #: between two attempts at a webhook that failed
    tries: int = 49  #: the first attempt and 48 more
    hour: float = 3600.0  #: after which the calls of an hour are counted afresh
    hourly: int = 1000  #: webhook calls an hour; those above it wait for the next one
    longest_wait: float = 86_400.0  #: a call that waited longer for its turn is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery after an attempt; `wait` is None when it ends here."""

    status: str  #: the attempt's state in the vendor's words
    delivered: bool = False
    wait: float | None = None
