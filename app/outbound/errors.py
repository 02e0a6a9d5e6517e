"""What can become of something that was to leave this machine. No sending here."""

from __future__ import annotations

from datetime import timedelta


class OutboundError(Exception):
    """It was not delivered, as far as we know."""


class NotSent(OutboundError):
    """It certainly had no effect; with `retryable` it may be tried again, after `retry_after` if that is told."""

    def __init__(self, message: str, *, retryable: bool, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class MailNotSent(NotSent):
    """The mail server has not taken the message."""


class MailUnknown(OutboundError):
    """The message was handed over and no answer came: it may have been sent. Never repeat it by yourself."""


class AlertNotSent(NotSent):
    """The receiver has not taken the alert."""


class AlertUnknown(OutboundError):
    """The request left and no answer came. Repeating it under the same id is safe, for the receiver knows the id."""
