"""A desk's groups, by id and name, remembered for some minutes: they hardly change, and every look-up costs a call."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from app.clock import real_now
from app.store.database import Database
from connectors.base import Connector
from connectors.ticket import Group
from tasks.claims import TicketClaim

KEEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The desk's groups; empty where nobody asked for them."""

    groups: tuple[Group, ...] = ()

    def group(self, group_id: str | None) -> str | None:
        """The name of a group, or None when it is not known."""
        return next((group.name for group in self.groups if group.id == group_id), None)


_lock = threading.Lock()
_known: WeakKeyDictionary[Database, dict[int, tuple[datetime, Names]]] = WeakKeyDictionary()


def names(claim: TicketClaim, connector: Connector) -> Names:
    """The desk's groups, read at most every few minutes in a process."""
    database = claim.parts.database
    with _lock:
        found = _known.setdefault(database, {}).get(claim.desk_id)
    if found is not None and real_now() - found[0] < KEEP:
        return found[1]
    fresh = Names(groups=tuple(connector.read_groups()))
    with _lock:
        _known[database][claim.desk_id] = (real_now(), fresh)
    return fresh
