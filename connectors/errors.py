"""What a helpdesk can refuse to do, split by what the caller can do about it."""

from __future__ import annotations

from datetime import timedelta


class ConnectorError(Exception):
    """The helpdesk did not do what we asked."""


class Unavailable(ConnectorError):
    """Try again later: the helpdesk is down, slow or answered nonsense.

    `sent` is True when the request may have taken effect all the same (a lost answer to a write),
    so a caller must look before it repeats words.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None, sent: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.sent = sent


class RateLimited(Unavailable):
    """An allowance is spent; nothing took effect. `retry_after` is the helpdesk's own word, or None.

    `spent` names the buckets that its answer said are empty; where it holds none, it may be any of them.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        sent: bool = False,
        spent: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(message, retry_after=retry_after, sent=sent)
        self.spent = spent


class OverBudget(RateLimited):
    """Our own budget says to wait with this call; it has not left this machine, and the helpdesk knows nothing."""


class Refused(ConnectorError):
    """Do not try again: credentials, permission, or a request that is invalid as it stands."""

    def __init__(self, message: str, *, auth: bool = False) -> None:
        super().__init__(message)
        self.auth = auth  #: the credentials themselves were refused, so the whole desk has to wait for an admin


class NoSurvey(Refused):
    """The helpdesk offers no survey of its own here: not in its plan, switched off, unknown, or refused to us."""


class NotFound(ConnectorError):
    """It does not exist, or no longer does."""


class Conflict(ConnectorError):
    """Somebody changed the ticket in between; read again and decide again."""


class Closed(Refused):
    """The ticket is closed for good and takes no more changes."""


class BadSignature(ConnectorError):
    """A webhook's signature is missing, wrong, or outside its time window."""


class BadBody(ConnectorError):
    """A signed webhook body that we cannot make sense of; the message names what is wrong."""
