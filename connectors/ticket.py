"""A helpdesk's things as frozen, neutral values. No vendor type and no vendor spelling gets past this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TicketStatus(StrEnum):
    """The neutral life of a ticket; vendors' custom statuses are mapped to the nearest of these."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    HOLD = "hold"
    SOLVED = "solved"
    CLOSED = "closed"
    DELETED = "deleted"
    SPAM = "spam"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Author(StrEnum):
    """Who wrote a message, as far as scoring cares."""

    CUSTOMER = "customer"  # the requester
    PARTICIPANT = "participant"  # another end user in copy
    AGENT = "agent"
    SYSTEM = "system"  # rules, bots, the integration itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str = ""
    email: str | None = None
    is_staff: bool = False
    suspended: bool = False
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the helpdesk's own fields say of a requester, and of their organisation, by the fields' keys."""

    fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    organization: str = ""  #: its name; empty where they belong to none
    organization_fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    author_id: str
    author: Author
    public: bool
    text: str  #: plain text as the helpdesk gives it, quoted history and signature still in it
    at: datetime  #: aware, UTC
    channel: str = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One rating by a customer. `value` is normalised to [0, 1]; `original` keeps the vendor's own word."""

    id: str
    value: float
    original: str
    scale: str  #: "good_bad", "1-5", "freshdesk" ...
    at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as read at one moment.

    `messages` are those after the last known id (all of them at first sight), oldest first, public ones and
    internal notes alike; `ratings` is None where they were not asked for.
    """

    id: str
    subject: str
    status: TicketStatus
    priority: Priority | None
    channel: str
    requester: Person
    assignee_id: str | None
    group_id: str | None
    organization_id: str | None = None
    brand_id: str | None = None
    tags: frozenset[str] = frozenset()
    custom_fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    stamp: str  #: the helpdesk's own version mark for safe updates
    messages: tuple[Message, ...] = ()
    ratings: tuple[Rating, ...] | None = None
    message_count: int | None = None  #: of all its messages, where a bulk read told
    merged_into: str | None = None  #: the ticket it ended in, where its newest messages say so
    customer: Customer | None = None  #: where reading the ticket told of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One page of what was newly said, over many tickets."""

    messages: Mapping[str, tuple[Message, ...]]  #: by ticket id, oldest first
    cursor: str  #: where the next page begins
    more: bool  #: there is another page now


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    text: str
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One wanted change to one ticket; None and empty mean 'leave as it is'."""

    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    group_id: str | None = None
    assignee_id: str | None = None
    priority: Priority | None = None
    status: TicketStatus | None = None
    custom_fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    clear: frozenset[str] = frozenset()  #: of group_id, assignee_id and priority, those that are to have no value
    comment: Comment | None = None
    markers: tuple[str, ...] = ()  #: opaque ids of the steps behind it; stored with the change, to find it again

    @property
    def empty(self) -> bool:
        """True when performing it would change nothing."""
        return not (
            self.add_tags
            or self.remove_tags
            or self.group_id
            or self.assignee_id
            or self.priority
            or self.status
            or self.custom_fields
            or self.clear
            or self.comment
        )

    @property
    def has_words(self) -> bool:
        """True when repeating it would say something twice."""
        return self.comment is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A ticket that we open for a customer; its one message is an internal note, unless `public`."""

    subject: str
    text: str
    requester_id: str
    marker: str  #: opaque id of the step behind it; stored with the ticket, to find it again
    follow_up_of: str | None = None  #: the closed ticket that it goes on from
    public: bool = False
    group_id: str | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyLink:
    """An offer of the helpdesk's own survey. Whoever has its address can answer in the customer's name, so the address
    goes into the customer's message and nowhere else; the repr has it not."""

    id: str  #: of the `Rating` that an answer becomes
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """Who brought a ticket to rest (solved or closed), by the helpdesk's own log."""

    by_rule: bool  #: an automation or a trigger, and no person
    rule: str = ""  #: the rule's title, where the log names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The helpdesk's word that a change took effect."""

    audit_id: str
    stamp: str  #: the ticket's new version mark
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    id: str
    title: str


class EventType(StrEnum):
    """What a webhook tells of. Each is only a hint to look at the ticket; the helpdesk itself says what is so."""

    TICKET_CREATED = "ticket.created"
    TICKET_CHANGED = "ticket.changed"  # anything that has no name of its own here
    STATUS_CHANGED = "ticket.status_changed"
    ASSIGNED = "ticket.assigned"  # to an agent or a group
    PRIORITY_CHANGED = "ticket.priority_changed"
    TAGS_CHANGED = "ticket.tags_changed"
    FIELD_CHANGED = "ticket.field_changed"
    SLA_CHANGED = "ticket.sla_changed"  # the time at which a promise will be broken
    TICKET_MERGED = "ticket.merged"  # into another one
    TICKET_DELETED = "ticket.deleted"  # may still be restored
    TICKET_PURGED = "ticket.purged"  # for good
    TICKET_SPAM = "ticket.spam"
    TICKET_RESTORED = "ticket.restored"
    MESSAGE_ADDED = "message.added"
    MESSAGE_REDACTED = "message.redacted"  # words or a file in it are gone, and our copy has to go too
    MESSAGE_HIDDEN = "message.hidden"  # a public message became an internal note
    RATING_REQUESTED = "rating.requested"
    RATING_RECEIVED = "rating.received"
    TEST = "test"  # a sign of life, about no ticket
    OTHER = "other"  # about something that is no ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEvent:
    """The identity of one webhook delivery: which event, on which ticket, by whom."""

    event_id: str  #: unique per event, the same on every redelivery
    type: str  #: the value of an `EventType`
    ticket_id: str | None  #: None for a test delivery
    actor_id: str | None
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of `Connector.check`."""

    name: str
    ok: bool
    detail: str  #: what was seen; never a secret
    remedy: str = ""  #: what an admin can do about it; empty when ok


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One page of the tickets that changed, the longest unchanged first, each without messages and ratings."""

    tickets: tuple[Ticket, ...]  #: deleted ones and spam too
    cursor: str  #: where the next page begins; good for as long as anybody cares to wait
    more: bool  #: False where the page has reached the present
    kept: str | None = None  #: where a later walk begins that is to hear of unsettled changes again; see `read_changes`


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One page of ratings with the ids of the tickets they were given on."""

    ratings: tuple[tuple[str, Rating], ...]
    cursor: str
    more: bool
