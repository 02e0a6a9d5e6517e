"""What differs from vendor to vendor, as one interface: manners, events, webhooks, limits, and the API itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.changes import Outcome
from connectors.sandbox.limits import Counting
from connectors.sandbox.outbox import Delivery
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.statuses import Status
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import Ticket
from connectors.sandbox.webhooks import Webhook

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from connectors.sandbox.helpdesk import Helpdesk
    from connectors.sandbox.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The webhook that `Sandbox.connect` made."""

    webhook_id: str
    secret: str


class Vendor(ABC):
    """One instance per vendor; holds no state of any sandbox."""

    name: ClassVar[str]
    domain: ClassVar[str]  #: of the vendor's hosts
    first_id: ClassVar[int]  #: where ids other than ticket numbers begin
    statuses: ClassVar[Sequence[Status]]
    opening_status: ClassVar[str]
    closed_is_final: ClassVar[bool]  #: whether a closed ticket refuses every change
    spam_suspends: ClassVar[bool]  #: whether marking a ticket as spam suspends its requester
    merge_tags: ClassVar[tuple[str, ...]]  #: that a merged ticket gets
    merged_into: ClassVar[str]  #: the note on a merged ticket, with the target's number to fill in
    merged_from: ClassVar[str]  #: the note on its target
    json_suffix: ClassVar[bool]  #: whether API paths may end in `.json`

    @abstractmethod
    def sow(self, db: Db, account: SandboxAccount, now: str) -> None:
        """What a fresh account of this vendor has besides people, groups and fields."""

    @abstractmethod
    def changed(self, db: Db, helpdesk: Helpdesk, outcome: Outcome) -> None:
        """Emit everything that one change tells, in the transaction of the change."""

    @abstractmethod
    def tell(self, db: Db, helpdesk: Helpdesk, outcome: Outcome, kind: str, details: Mapping[str, Any]) -> None:
        """Emit one happening that is not an attribute of the ticket, as in `merged` or `csat_received`."""

    @abstractmethod
    def again(self, event_id: str, body: bytes) -> bytes:
        """The body of a past event under a new event id, where the vendor's bodies have one."""

    @abstractmethod
    def rate(self, db: Db, helpdesk: Helpdesk, ticket: Ticket, score: Any, comment: str) -> None:
        """The customer rates. Raises Malformed or Invalid."""

    @abstractmethod
    def ratings(self, db: Db, ticket_id: int) -> list[dict[str, Any]]:
        """The ticket's ratings as {score, comment}, for people to see."""

    @abstractmethod
    def connect(self, db: Db, account: SandboxAccount, endpoint: str) -> Connection:
        """Point the account's own webhook at the address; made on the first call, moved on every further one."""

    @abstractmethod
    def headers(self, account_id: int, webhook: Webhook, delivery: Delivery, at: str) -> dict[str, str]:
        """Of a webhook request sent at `at`."""

    @abstractmethod
    def judged(self, patience: Patience, *, number: int, status: int | None, retry_after: str | None) -> Verdict:
        """After attempt `number`; `status` is None when there was no answer."""

    @abstractmethod
    def hourly(self, patience: Patience, webhook: Webhook) -> int | None:
        """How many calls of webhooks like this an hour may see; None where there is no such limit."""

    @abstractmethod
    def make_limits(self, plan: Mapping[str, Any] | None) -> Counting[Any]:
        """Rate limits with the kept plan, or the vendor's usual one. Raises Invalid for a plan of another shape."""

    @abstractmethod
    def api(self) -> Blueprint:
        """Everything under /api/v2."""

    @abstractmethod
    def sites(self) -> Sequence[Blueprint]:
        """Pages of the vendor's own, beside the sandbox's."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> Response:
        """A refusal in the vendor's words."""

    @abstractmethod
    def unlawful(self, status: int, name: str, description: str | None) -> Response:
        """A request that HTTP itself forbids, in the vendor's words."""
