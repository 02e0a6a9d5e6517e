"""Where the parts meet: one value with file, clock, account, limits and faults, and the ways a ticket changes.

No HTTP here. Everything that changes a ticket goes through `Helpdesk`, so that no effect is without its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox import changes, people
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.changes import Change, Outcome
from connectors.sandbox.faults import Faults
from connectors.sandbox.limits import Counting
from connectors.sandbox.stamps import iso
from connectors.sandbox.store import Db, File, find_setting, put_setting
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.vendor import Vendor

#: Name -> default. Stored; changed by `POST /sandbox/settings`.
SETTINGS: Mapping[str, Any] = {
    "sidebar_url": None,  #: where the ticket page launches the sidebar
    "single_put_tag_deltas": True,  #: does PUT /tickets/{id} honour additional_tags and remove_tags?
    "csat": "survey",  #: Zendesk's one active rating system: "survey" (1 to 5) or "legacy" (good, bad)
    "rating_points": 5,  #: of Freshdesk's survey: 2, 3, 5 or 7
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpdesk:
    file: File
    clock: Callable[[], datetime]  #: business time
    account: SandboxAccount
    vendor: Vendor
    limits: Counting[Any]
    faults: Faults

    def now(self) -> str:
        """Business time as stored: UTC, whole seconds."""
        return iso(self.clock())

    def setting(self, db: Db, name: str) -> Any:
        return find_setting(db, f"switch:{name}", SETTINGS[name])

    def set(self, db: Db, name: str, value: Any) -> None:
        """Raises KeyError for a name that is no setting."""
        _ = SETTINGS[name]
        put_setting(db, f"switch:{name}", value)

    def settings(self, db: Db) -> dict[str, Any]:
        return {name: self.setting(db, name) for name in SETTINGS}

    def keep_limits(self, db: Db) -> None:
        put_setting(db, "limits", asdict(self.limits.plan))

    def create(self, db: Db, change: Change, *, requester_id: int, subject: str) -> Outcome:
        made = changes.create(
            db,
            change,
            requester_id=requester_id,
            subject=subject,
            now=self.now(),
            status=self.vendor.opening_status,
        )
        return self._told(db, made)

    def update(self, db: Db, ticket_id: int, change: Change) -> Outcome:
        final = self.vendor.closed_is_final
        return self._told(db, changes.update(db, ticket_id, change, now=self.now(), closed_is_final=final))

    def remove(self, db: Db, ticket_id: int, *, actor_id: int, spam: bool = False) -> Outcome:
        outcome = changes.remove(db, ticket_id, actor_id=actor_id, now=self.now(), spam=spam)
        if spam and self.vendor.spam_suspends:
            people.suspend(db, outcome.ticket.requester_id, self.now())
        kinds = ["marked_as_spam", "soft_deleted"] if spam else ["soft_deleted"]
        for kind in kinds:
            self.tell(db, outcome, kind, {})
        return outcome

    def restore(self, db: Db, ticket_id: int, *, actor_id: int) -> Outcome:
        outcome = changes.restore(db, ticket_id, actor_id=actor_id, now=self.now())
        self.tell(db, outcome, "undeleted", {})
        return outcome

    def touch(self, db: Db, ticket: Ticket, kind: str, details: Mapping[str, Any]) -> None:
        """Something happened beside the ticket's own attributes, done by its requester."""
        change = Change(actor_id=ticket.requester_id, channel="web")
        self.tell(db, changes.touch(db, ticket, change, now=self.now()), kind, details)

    def tell(self, db: Db, outcome: Outcome, kind: str, details: Mapping[str, Any]) -> None:
        """Emit one event about a ticket."""
        self.vendor.tell(db, self, outcome, kind, details)

    def _told(self, db: Db, outcome: Outcome) -> Outcome:
        self.vendor.changed(db, self, outcome)
        return outcome
