"""The interface every helpdesk kind implements. Nothing of any vendor, and nothing of the app, lives here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from connectors.errors import BadBody, Refused
from connectors.installing import Change, Doing, Installer, Made, Thing, Wanted
from connectors.packaging import Package
from connectors.recording import Explained, Recorded
from connectors.ticket import (
    Changes,
    Customer,
    DeskEvent,
    Finding,
    Group,
    Macro,
    Message,
    NewTicket,
    Person,
    Rated,
    Receipt,
    Said,
    StatusChange,
    SurveyLink,
    Ticket,
    Write,
)

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What the helpdesk's answer said about its allowance; None where it said nothing."""

    bucket: str
    total: int | None
    remaining: int | None
    resets_in: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One of the helpdesk's allowances that a call draws on, as far as it is known before the helpdesk tells."""

    bucket: str  #: as its answers name it; "account" is the general one
    key: str = ""  #: what it is counted for within the account, a ticket's id for instance; empty: the account itself
    calls: int  #: in a window, to be believed while no answer has told more
    window: timedelta
    ours: bool = False  #: counted for our own user alone, so that there is nobody to leave a share for


#: What a call draws on: method, path without query.
Allowances = Callable[[str, str], Sequence[Allowance]]

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
    own_id: str | None = None  #: our own user at the helpdesk, where it is known already
    timeout: float = 10.0  #: seconds, for one call


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

    def read_customer(self, ticket: Ticket) -> Customer:
        """What the helpdesk's fields say of the ticket's requester and their organisation.

        No call where reading the ticket told of them; else one for the person and one for the organisation. Empty where
        our credentials may not see them.
        """
        return ticket.customer or Customer()

    @abstractmethod
    def read_tickets(self, ticket_ids: Sequence[str]) -> Sequence[Ticket]:
        """Up to 100 tickets in one call, without messages and ratings; those missing are gone."""

    @abstractmethod
    def read_said(self, since: str | None, start: datetime) -> Said:
        """New messages of the tickets that `read_tickets` has read, in bulk: from cursor `since`, else from `start`.

        Whose words they are takes the ticket, so messages of others are left out. The newest may be missing: what is
        there is compared with `Ticket.message_count`. One call, and one per 100 people who were not met yet.
        Raises Refused where the kind has no `bulk_reads`.
        """

    @abstractmethod
    def read_changes(self, cursor: str | None, since: datetime, settled: datetime | None = None) -> Changes:
        """Tickets changed since then, in the helpdesk's own order of changes: from the beginning, or from a cursor.

        `settled` is for helpdesks with several lists to walk: `kept` of the answer is then before every change of
        each list that came later than that, however far `cursor` has walked on. One list alone has no `kept`.

        One call. A ticket that changes again later comes again later, so nothing is missed however slow the walk is.
        Changes of the last minute may be left for the next call.
        """

    def read_rated(self, cursor: str | None, since: datetime) -> Rated:
        """Ratings on what was asked or answered since then, those known already too: from the beginning, or from a
        cursor. One call.

        A helpdesk whose ratings always change their ticket has nothing to add to `read_changes`.
        """
        return Rated(ratings=(), cursor=cursor or "", more=False)

    @abstractmethod
    def write_many(self, writes: Mapping[str, Write]) -> None:
        """Add and remove tags, and set custom fields, of up to 100 tickets, by ticket id. The helpdesk does it later
        and gives no receipt: the next read of a ticket tells whether it did.

        Raises RateLimited while it has enough of such work before it, Refused for a write of anything else.
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
    def create_ticket(self, new: NewTicket) -> str:
        """Open a ticket; its id. Says something, so it is never repeated before `find_follow_up` was asked.

        Raises Refused where `follow_up_of` cannot be followed up; Unavailable(sent=True) when the outcome is unknown.
        """

    @abstractmethod
    def find_follow_up(self, ticket_id: str, marker: str) -> str | None:
        """The follow-up of this ticket that was made with the marker; None where there is none."""

    @abstractmethod
    def find_ticket(self, requester_id: str, marker: str) -> str | None:
        """The ticket of this requester that was made with the marker and follows up none; None where there is none."""

    def complete_follow_up(self, ticket_id: str, new: NewTicket) -> None:
        """Do what was left undone when creating it was cut off; nothing where it is made in one call."""
        return

    def find_solver(self, ticket_id: str) -> StatusChange | None:
        """Who solved or closed the ticket last while it was not at rest; None where the helpdesk keeps no such log."""
        return None

    def offer_survey(self, ticket: Ticket, survey_id: str | None = None) -> SurveyLink | None:
        """A fresh link to the helpdesk's own survey, for the ticket's requester; None where this kind has none to give.

        `survey_id` is the survey an admin chose; without it, the one that was offered before is offered again. Never
        repeated before `find_offer` was asked, since every call makes another offer.
        Raises NoSurvey where this account has none to give; Unavailable(sent=True) when the outcome is unknown.
        """
        return None

    def find_offer(self, ticket_id: str, since: datetime) -> str | None:
        """The newest survey that was offered on the ticket since then, by whomever: its id. Its link is never told
        again."""
        return None

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
    def read_agents(self) -> Sequence[Person]:
        """Everybody who may be given a ticket, in whatever group; the suspended ones too. A call per 100."""

    @abstractmethod
    def read_fields(self) -> Mapping[str, str]:
        """The account's own ticket fields: the key that `Ticket.custom_fields` has, to the title people know."""

    def read_tags(self) -> frozenset[str] | None:
        """The tags in use; None where the helpdesk does not list them, or has too many to read."""
        return None

    @abstractmethod
    def check(self) -> Sequence[Finding]:
        """Ask the helpdesk real questions: credentials, permissions, webhook, limits."""

    def installer(self, wanted: Wanted) -> Installer:
        """What makes and takes away our things at this desk. Raises Refused where this kind of helpdesk takes none."""
        raise Refused(f"nothing can be installed at {self.kind} from here")

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
    #: Tickets, new messages and tags of many tickets at once: `read_tickets`, `read_said` and `write_many` save calls.
    bulk_reads: ClassVar[bool] = False

    def allowances(self, method: str, path: str) -> Sequence[Allowance]:
        """What a call draws on; the account's general allowance, of which little is believed, unless a kind knows."""
        return (Allowance(bucket="account", calls=20, window=timedelta(minutes=1)),)

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

    def names(self, person: Person) -> frozenset[str]:
        """What deliveries may call this person, as `DeskEvent.actor_id`."""
        return frozenset({person.id})

    def warnings(self, credentials: Mapping[str, str], now: datetime) -> Sequence[str]:
        """What admins should know about credentials of this sort, in whole sentences; nothing of their values."""
        return ()

    @abstractmethod
    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Raises BadSignature unless one of the secrets signed this body within the time window."""

    @abstractmethod
    def parse(self, request: WebhookRequest) -> DeskEvent:
        """The identity of a verified delivery. Raises BadBody with what is wrong, naming the field."""

    def explain(self, recorded: Recorded) -> Explained:
        """What the mapping makes of one recorded body, request or answer. Raises BadBody with what is wrong."""
        raise BadBody(f"nothing recorded of {self.name} can be explained")

    def package(self, checkout: Path, public_url: str) -> Package:
        """The app for the vendor's marketplace, for a product that is reached at this address.

        Raises ValueError for an address that the vendor does not take.
        """
        raise ValueError(f"{self.name} has no marketplace of its own")

    @abstractmethod
    def ticket_url(self, *, subdomain: str, base_url: str | None, ticket_id: str) -> str:
        """Where a person opens this ticket in a browser."""


__all__ = [
    "Allowance",
    "Allowances",
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
    "Package",
    "Recorded",
    "Thing",
    "TokenStore",
    "Tokens",
    "Wanted",
    "WebhookRequest",
]
