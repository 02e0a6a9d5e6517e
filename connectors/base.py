"""The interface every helpdesk kind implements. Nothing of any vendor, and nothing of the app, lives here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.installing import Change, Doing, Installer, Made, Thing, Wanted
from connectors.ticket import DeskEvent, Finding, Group, Macro, Message, Person, Receipt, Ticket, Write

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What the helpdesk's answer said about its allowance; None where it said nothing."""

    bucket: str
    total: int | None
    remaining: int | None
    resets_in: timedelta | None


#: Told after every call: method, path without query, status (0 when there was no answer), and the limits it carried.
CallObserver = Callable[[str, str, int, Sequence[CallLimits]], None]

#: Asked before every call: method, path without query. Raises RateLimited while the call has to wait; nothing has left
#: this machine then.
Gate = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tokens:
    """An access token, and what renews it. Its repr tells nothing, since both are secrets."""

    access: str
    refresh: str | None  #: None where the credentials themselves are good for a new one
    expires_at: datetime | None  #: mechanism time; None where the helpdesk did not say


class TokenStore(ABC):
    """Keeps one desk's tokens for every process. Renewing ends the old pair, so only one process at a time may."""

    @abstractmethod
    def current(self) -> Tokens | None:
        """The newest tokens on record; None before the first."""

    @abstractmethod
    def renew(self, stale: Tokens | None, fetch: Callable[[Tokens | None], Tokens]) -> Tokens:
        """New tokens: those that another process has put in place of `stale` meanwhile, else what `fetch` gets for the
        newest on record, which are on record before they are returned.

        Raises Unavailable while another process is renewing, and what `fetch` raises.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a connector is given to talk with: the time, who is told and asked about each call, and a deadline."""

    now: Now
    observe: CallObserver | None = None
    gate: Gate | None = None
    tokens: TokenStore | None = None  #: for credentials that have to be renewed
    timeout: float = 10.0  #: seconds, for one call


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What the mapping makes of one recorded body: its sort in a word, and the neutral value, if it has one."""

    sort: str  #: "ticket", "tickets", "comments", "user", "delivery", "error", "other" ...
    value: object  #: neutral values, alone or in lists; a ConnectorError; for "other", the names of its members


class Connector(ABC):
    """One opened desk. Not shared between threads; cheap to open, closed after use.

    Every method that talks to the helpdesk raises `connectors.errors` only, has a deadline, and never sleeps.
    """

    kind: ClassVar[str]

    @abstractmethod
    def me(self) -> Person:
        """The user that our credentials act as; its own changes are echoes."""

    @abstractmethod
    def read_ticket(self, ticket_id: str, *, after: str | None = None, with_ratings: bool = False) -> Ticket:
        """The ticket with its messages after message id `after`, oldest first.

        Two calls for up to 100 new messages, one more per further 100; one more with ratings.
        Raises NotFound for a ticket that does not exist any more.
        """

    @abstractmethod
    def write(self, ticket: Ticket, write: Write) -> Receipt:
        """Make the combined change in one call, unless the ticket changed since `ticket.stamp`.

        Raises Conflict then; Unavailable(sent=True) when the outcome is unknown.
        """

    @abstractmethod
    def find_write(self, ticket_id: str, markers: Sequence[str]) -> frozenset[str]:
        """Which of the markers the helpdesk's own log of the ticket holds."""

    @abstractmethod
    def macro_write(self, ticket: Ticket, macro_id: str) -> Write:
        """What the macro would change, as a delta. Raises NotFound, or Refused for a macro we cannot express."""

    @abstractmethod
    def read_groups(self) -> Sequence[Group]: ...

    @abstractmethod
    def read_members(self, group_id: str) -> Sequence[Person]: ...

    @abstractmethod
    def read_loads(self, agent_ids: Sequence[str]) -> Mapping[str, int]:
        """Unsolved tickets per agent."""

    @abstractmethod
    def read_macros(self) -> Sequence[Macro]: ...

    @abstractmethod
    def check(self) -> Sequence[Finding]:
        """Ask the helpdesk real questions: credentials, permissions, webhook, limits."""

    @abstractmethod
    def installer(self, wanted: Wanted) -> Installer:
        """What makes and takes away our things at this desk."""

    @abstractmethod
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One webhook request as received: headers with lower-case names, and the raw body."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class ConnectorKind(ABC):
    """What the app knows about a kind before a desk is opened; one instance per kind, in `app.connect`'s registry."""

    name: ClassVar[str]

    @abstractmethod
    def open(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: Mapping[str, str],
        line: Line,
    ) -> Connector:
        """Raises ValueError that names the field for credentials that cannot be right."""

    @abstractmethod
    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Raises BadSignature unless one of the secrets signed this body within the time window."""

    @abstractmethod
    def parse(self, request: WebhookRequest) -> DeskEvent:
        """The identity of a verified delivery. Raises BadBody with what is wrong, naming the field."""

    @abstractmethod
    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        """Where a person opens this ticket in a browser."""


__all__ = [
    "CallLimits",
    "CallObserver",
    "Change",
    "Connector",
    "ConnectorKind",
    "Doing",
    "Explained",
    "Gate",
    "Installer",
    "Line",
    "Made",
    "Message",
    "Now",
    "Thing",
    "TokenStore",
    "Tokens",
    "Wanted",
    "WebhookRequest",
]
