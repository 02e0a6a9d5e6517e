"""How far a score has moved since our own last reply (GUI-07): what our words have done, as far as one can see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def since_reply(scores: Sequence[tuple[datetime, int]], replied_at: datetime | None) -> int | None:
    """Points from the score that stood when we replied last to the newest one.

    `scores` are (when, score), oldest first. None without a reply, without a score before it, or while
    nothing has been scored since.
    """
    if replied_at is None or not scores:
        return None
    stood = [score for at, score in scores if at <= replied_at]
    if not stood or scores[-1][0] <= replied_at:
        return None
    return scores[-1][1] - stood[-1]
