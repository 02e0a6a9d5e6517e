"""Columns of what a ticket tells of its person's other tickets: who they are with, how it went, what it was about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column


class History:
    """Mixed into the tracked ticket. Moments are business time."""

    organization_id: Mapped[str | None] = mapped_column(String(64))
    reassignments: Mapped[int] = mapped_column(default=0, server_default="0")  #: hand-overs that others made
    # What the desk's mapped fields say.
    hold_minutes: Mapped[float | None]
    vendor_field: Mapped[str | None] = mapped_column(String(100))
    # How it went, for the tickets that come after it.
    lowest_p: Mapped[float | None]  #: the lowest p_satisfied so far
    lowest_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  #: since when it has been a bad experience
    earlier_failures: Mapped[int] = mapped_column(default=0, server_default="0")  #: of the person, when last scored
    topic: Mapped[list[Any] | None]  #: hashed words of the subject; go with the words
