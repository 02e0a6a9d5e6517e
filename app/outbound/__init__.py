"""E-mail and webhooks out. Everything here is about one attempt: whether it left, and whether it may be repeated.

Nothing is stored, scheduled or retried here, and nothing of what is sent gets into an error's words.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from app.outbound import alerts
from app.outbound.errors import AlertNotSent, AlertUnknown, MailNotSent, MailUnknown, NotSent, OutboundError
from app.outbound.mail import Handover, Mail, Mailer
from app.vault import Vault


class Outbound:
    """One per process; keeps no connection open."""

    def __init__(
        self, *, smtp_url: str | None, mail_from: str, loopback_allowed: bool, vault: Vault, timeout: float = 10.0
    ) -> None:
        """`timeout` is in seconds: for each answer of the mail server, and for a webhook's whole answer.

        Raises ValueError for a sender's address that cannot be one.
        """
        self._mailer = Mailer(smtp_url=smtp_url, mail_from=mail_from, timeout=timeout)
        self._reach = alerts.Reach(loopback_allowed=loopback_allowed, timeout=timeout)
        self._vault = vault

    @property
    def can_mail(self) -> bool:
        """Whether there is a mail server at all."""
        return self._mailer.ready

    def send_mail(self, mail: Mail) -> None:
        """Hand over and send in one go. Raises MailNotSent or MailUnknown."""
        with self.hand_over(mail) as handover:
            handover.send()

    def hand_over(self, mail: Mail) -> AbstractContextManager[Handover]:
        """Everything that can be refused comes first, so that a caller commits its intent just before `send`.

        Raises MailNotSent on entering. Leaving without `send` sends nothing.
        """
        return self._mailer.hand_over(mail)

    def alert_secrets(self, desk_id: int) -> tuple[str, ...]:
        """The secrets that sign a desk's alerts, newest first, in the form that receivers are given ("whsec_...").

        They follow from our secret keys, so none is stored; during a rotation of those both sign.
        """
        keys = self._vault.signing_keys(f"alert:{desk_id}")
        return tuple("whsec_" + base64.b64encode(key).decode("ascii") for key in keys)

    def deliver_webhook(
        self, url: str, payload: Mapping[str, Any], *, webhook_id: str, secret: str | Sequence[str], now: datetime
    ) -> None:
        """POST the payload, signed by the Standard Webhooks scheme; a retry carries the same `webhook_id`.

        `secret` is one or, while it is being replaced, several. `now` is mechanism time.
        Raises AlertNotSent, AlertUnknown; ValueError for an id that cannot be one.
        """
        secrets = (secret,) if isinstance(secret, str) else tuple(secret)
        envelope = alerts.Envelope(webhook_id=webhook_id, secrets=secrets, now=now)
        alerts.deliver(url, payload, envelope, self._reach)


__all__ = [
    "AlertNotSent",
    "AlertUnknown",
    "Handover",
    "Mail",
    "MailNotSent",
    "MailUnknown",
    "NotSent",
    "Outbound",
    "OutboundError",
]
