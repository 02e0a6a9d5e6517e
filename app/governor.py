"""The API-call budget per desk: what the helpdesk's answers said about its limits, and when we may call again.

A helpdesk that asked us to wait is remembered in the desk's row, so that every worker of every process stays away; the
rows due for it are postponed by the dispatcher, and nothing sleeps. The counters are this process's own, for metrics.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.clock import real_now
from app.store import desks
from app.store.database import Database
from connectors.base import CallLimits, CallObserver

DEFAULT_WAIT = timedelta(seconds=60)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)


class Governor:
    """One per process; the shared part of its memory is in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.calls: Counter[tuple[int, str, int]] = Counter()  #: (desk, "read" or "write", status) -> calls
        self.limits: dict[tuple[int, str], CallLimits] = {}  #: (desk, bucket) -> as last seen

    def observer(self, desk_id: int) -> CallObserver:
        """What a connector tells after each of its calls."""

        def observe(method: str, _path: str, status: int, limits: Sequence[CallLimits]) -> None:
            direction = "read" if method in {"GET", "HEAD"} else "write"
            with self._lock:
                self.calls[desk_id, direction, status] += 1
                for limit in limits:
                    self.limits[desk_id, limit.bucket] = limit

        return observe

    def rate_limited(self, desk_id: int, retry_after: timedelta | None) -> datetime:
        """Keep every worker away from this desk for as long as it asked; returns until when (mechanism time).

        Between a second and an hour; a minute where it did not say.
        """
        asked = DEFAULT_WAIT if retry_after is None else retry_after
        wait = min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)
        until = real_now() + wait
        with self._database.desk(desk_id) as session:
            desks.block(session, desk_id, until)
        return until
