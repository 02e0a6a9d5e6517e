"""Why the sandbox does not do what was asked, in no vendor's spelling. The API turns these into answers."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """Nothing was changed."""


class Missing(Refusal):
    """There is no such thing."""


class Malformed(Refusal):
    """The request cannot be read as it stands; the message names the part."""


class Invalid(Refusal):
    """The request is readable, but would leave a record in a state that is not allowed."""

    def __init__(self, details: Mapping[str, str]) -> None:
        super().__init__("; ".join(details.values()))
        self.details = details  #: field name -> sentence


class Stale(Refusal):
    """Somebody changed the ticket after the caller last saw it."""


class Forbidden(Refusal):
    """The user may not do this."""


class TooMany(Refusal):
    """More items in one request than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} items in one request")
        self.limit = limit
