"""Columns of who sees to a recovery case in the queue, and until when it is out of sight."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column


class Handling:
    """Mixed into the recovery case. Moments are business time."""

    holder: Mapped[str | None] = mapped_column(String(100))  #: "account:7" or "agent:<the helpdesk's id>"
    held_since: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]  #: out of the queue until then; past ones are no snooze any more
    snoozed_at: Mapped[datetime | None]
    snoozed_by: Mapped[str | None] = mapped_column(String(100))  #: as `holder`
    sealed_snooze_reason: Mapped[bytes | None]  #: in the person's words, which may tell of the customer
    #: Counts changes of what is above, so that nobody overwrites what they have not seen.
    handling_version: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Outlook:
    """Mixed into the tracked ticket."""

    turns_poor_at: Mapped[datetime | None]  #: business time at which waiting alone makes a good state poor
