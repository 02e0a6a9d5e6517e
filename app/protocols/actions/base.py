"""What every action is, and the values it plans with. Single actions live beside this file, one each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from marshmallow import Schema

from app.protocols.errors import CannotPlan
from app.protocols.protocol import Channel
from app.protocols.routing import Roster
from app.words import Cause, SatState
from connectors.ticket import Group, Macro, Person, Ticket, Write


class Effect(StrEnum):
    """Who performs it: the connector, the outbound mail and webhooks, the survey schedule, or a person. A vendor item
    takes one of the first two."""

    WRITE = "write"
    ALERT = "alert"
    SURVEY = "survey"
    PERSON = "person"
    VENDOR = "vendor"


class Need(StrEnum):
    """What has to be looked up at the desk before an action can be planned."""

    GROUPS = "groups"  # Planning.groups
    PEOPLE = "people"  # Planning.members of the group
    MEMBERS = "members"  # those, and Planning.loads of them
    MACRO = "macro"  # Planning.macros, and Planning.macro_writes of the macro


#: A look-up's name for the group that the ticket was in before the case.
AGENTS_GROUP = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    need: Need
    name: str  #: the group's or macro's name or id, as the document has it; or AGENTS_GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """What notes and alerts may say about a case."""

    protocol: str
    score: int | None = None
    state: SatState | None = None
    reasons: tuple[str, ...] = ()  #: a line each, strongest first; may quote the customer
    cause: Cause = Cause.UNKNOWN
    stars: int | None = None  #: the rating behind the case, if there is one
    vendor: str = ""  #: who sold or delivered it, where that is known
    url: str = ""  #: the case's page
    ticket_url: str = ""
    previous_group: str = ""  #: the name of the group that had the ticket
    previous_group_id: str | None = None
    previous_assignee_id: str | None = None  #: the agent who had it


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Everything an action may look at. What was not needed may be left empty."""

    ticket: Ticket
    case: CaseSummary
    now: datetime
    team: str | None = None  #: the protocol's team
    groups: tuple[Group, ...] = ()
    macros: tuple[Macro, ...] = ()
    members: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)  #: by group id
    loads: Mapping[str, int] = field(default_factory=dict)  #: unsolved tickets by agent id; missing counts as 0
    macro_writes: Mapping[str, Write] = field(default_factory=dict)  #: the macro's delta on this ticket, by macro id
    roster: Roster = field(default_factory=Roster)  #: what is stored of teams and their people
    may_speak: bool = False  #: protocol and desk both let automation write to the customer

    @property
    def agents_group_id(self) -> str | None:
        """The group that the ticket was in before the case; without one, the group it is in."""
        return self.case.previous_group_id or self.ticket.group_id

    def group(self, name: str) -> Group:
        """The desk's group of that id or name. Raises CannotPlan when there is none, or several of that name."""
        return _only("group", name, {group: (group.id, group.name) for group in self.groups})

    def macro(self, name: str) -> Macro:
        """The desk's macro of that id or title. Raises CannotPlan when there is none, or several of that title."""
        return _only("macro", name, {macro: (macro.id, macro.title) for macro in self.macros})


class AlertKind(StrEnum):
    """The ways of an alert, by their names in a document."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"  # a webhook that takes Slack's messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One of a chain of people to tell, with the time they have to acknowledge."""

    kind: AlertKind
    target: str  #: an address, "lead" (the desk's leads), or the name or https address of a webhook
    acknowledge_minutes: int | None = None  #: None where nobody waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A message to colleagues. It has words, so it is sent at most once."""

    kind: AlertKind
    target: str  #: an address, "lead" (the desk's leads), or the name or https address of a webhook
    subject: str
    text: str
    payload: Mapping[str, str | int | None] = field(default_factory=dict)  #: a webhook's JSON body, no customer text
    acknowledge_minutes: int | None = None  #: None asks for no acknowledgement
    then: tuple[Link, ...] = ()  #: who is told next, each while nobody has acknowledged it

    @property
    def links(self) -> tuple[Link, ...]:
        """Everybody to tell, in order: the first, then those of `then`."""
        return (Link(kind=self.kind, target=self.target, acknowledge_minutes=self.acknowledge_minutes), *self.then)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorNotice:
    """A vendor item: a ticket for the group that deals with vendors, or words to somebody outside the helpdesk.

    Exactly one of `group_id` and `alert` is given.
    """

    subject: str
    text: str
    vendor: str  #: empty where it is not known
    group_id: str | None = None
    alert: Alert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """What a person is asked to do."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyPlan:
    """A survey to send once the ticket is solved."""

    after: timedelta
    channel: Channel
    good_from: float  #: the lowest normalised answer that counts as recovered


Plan = Write | Alert | SurveyPlan | VendorNotice | Chore
Params = TypeVar("Params")
Thing = TypeVar("Thing")


class ActionKind(ABC, Generic[Params]):
    """One action: describes itself, plans, checks, takes back. It performs nothing."""

    name: ClassVar[str]
    label: ClassVar[str]  #: as a rule form shows it
    effect: ClassVar[Effect]
    schema: ClassVar[type[Schema]]  #: loads the document's parameters (all but `do`) into Params

    def needs(self, params: Params, team: str | None) -> tuple[Lookup, ...]:
        """What `plan` wants to find in Planning."""
        return ()

    @abstractmethod
    def describe(self, params: Params) -> str:
        """One line for people, as an instruction: "Assign to group Recovery"."""

    @abstractmethod
    def plan(self, params: Params, planning: Planning) -> Plan:
        """What it wants; an empty Write when the ticket already has it. Same input, same answer.

        Raises CannotPlan with a reason for people.
        """

    def holds(self, params: Params, planning: Planning, after: Ticket) -> bool:
        """Whether a ticket read back shows what was planned; `planning` is the one it was planned with.

        Words are not compared, the helpdesk may change their form: look them up by their marker.
        """
        plan = self.plan(params, planning)
        return not isinstance(plan, Write) or took_effect(plan, after)

    def inverse(self, done: Write, *, before: Ticket, current: Ticket) -> Write | None:
        """What takes `done` back where nobody has touched it since; None when nothing is left to take back.

        Words cannot be taken back.
        """
        return take_back(done, before=before, current=current)


def _only(noun: str, name: str, candidates: Mapping[Thing, tuple[str, str]]) -> Thing:
    by_id = [thing for thing, (key, _) in candidates.items() if key == name]
    wanted = name.strip().casefold()
    found = by_id or [thing for thing, (_, title) in candidates.items() if title.strip().casefold() == wanted]
    if not found:
        raise CannotPlan(f'the desk has no {noun} "{name}"')
    if len(found) > 1:
        raise CannotPlan(f'the desk has {len(found)} {noun}s called "{name}"; use the id instead')
    return found[0]


def took_effect(write: Write, after: Ticket) -> bool:
    """Whether the ticket shows every change of the write, words aside."""
    fields: tuple[tuple[Any, Any], ...] = (
        (write.group_id, after.group_id),
        (write.assignee_id, after.assignee_id),
        (write.priority, after.priority),
        (write.status, after.status),
    )
    tags = write.add_tags <= after.tags and not write.remove_tags & after.tags
    custom = all(after.custom_fields.get(name) == value for name, value in write.custom_fields.items())
    return tags and custom and all(wanted is None or wanted == found for wanted, found in fields)


def take_back(done: Write, *, before: Ticket, current: Ticket) -> Write | None:
    """The write that restores `before` where `current` still shows what `done` set."""
    ours = _assignment_is_ours(done, before=before, current=current)
    custom = {
        name: before.custom_fields.get(name)
        for name, value in done.custom_fields.items()
        if current.custom_fields.get(name) == value and before.custom_fields.get(name) != value
    }
    undo = Write(
        add_tags=(done.remove_tags & before.tags) - current.tags,
        remove_tags=(done.add_tags - before.tags) & current.tags,
        group_id=before.group_id if ours and done.group_id and before.group_id != current.group_id else None,
        assignee_id=before.assignee_id if ours and before.assignee_id != current.assignee_id else None,
        priority=before.priority if done.priority and done.priority == current.priority != before.priority else None,
        status=before.status if done.status and done.status == current.status != before.status else None,
        custom_fields=custom,
    )
    return None if undo.empty else undo


def _assignment_is_ours(done: Write, *, before: Ticket, current: Ticket) -> bool:
    """Whether group and assignee are as we left them; a colleague who took the ticket since keeps it."""
    if done.group_id is None and done.assignee_id is None:
        return False
    same_group = done.group_id is None or done.group_id == current.group_id
    left_with = {done.assignee_id} if done.assignee_id else {before.assignee_id, None}
    return same_group and current.assignee_id in left_with
