"""A recovery protocol as frozen values. Reading and writing documents is next door, in `document.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.words import Cause

Value = str | int | float | bool | tuple[str, ...]

#: The cause of a protocol that is bound to no cause: it runs by its criteria alone and is in charge of none.
ANY_CAUSE = "any"


class Rearm(StrEnum):
    """When the same protocol may open another case on the same ticket."""

    NEVER = "never"
    AFTER_STATE_EXIT = "after_state_exit"  # once its criteria have stopped holding in between
    AFTER_HOURS = "after_hours"  # `rearm_hours` after its last case was closed


class ReturnTo(StrEnum):
    """Where a recovered ticket goes."""

    STAY = "stay"
    PREVIOUS = "previous"  # back to the group and assignee that had it before the case
    GROUP = "group"  # to the follow-up's `return_group`


class CloseNeeds(StrEnum):
    """What an agent has to bring to close a case by hand."""

    NOTHING = "nothing"
    CONFIRMATION_OR_REASON = "confirmation_or_reason"  # the customer's confirmation, else a reason in words


class Owner(StrEnum):
    """The person whose step it is."""

    TEAM = "team"  # whoever of the protocol's team takes it
    LEAD = "lead"  # a lead of that team
    AGENT = "agent"  # the ticket's assignee


class DoneWhen(StrEnum):
    """What shows that a person's step is done."""

    TICKED = "ticked"  # somebody ticked it off on the case's page
    PUBLIC_REPLY = "public_reply"  # an agent answered the customer since
    SOLVED = "solved"
    ASSIGNED = "assigned"  # the ticket has an assignee
    ACKNOWLEDGED = "acknowledged"  # somebody acknowledged the alert


class Channel(StrEnum):
    """How a re-survey reaches the customer; `auto` is e-mail where there is an address, else a comment.

    `helpdesk` goes the way of `auto` and leads to the helpdesk's own survey, where it has one, else to our page.
    """

    AUTO = "auto"
    EMAIL = "email"
    COMMENT = "comment"
    HELPDESK = "helpdesk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    field: str  #: a name of `facts.FACTS`
    operator: str  #: a name of `rules.OPERATORS`
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Holds when every condition of `all` holds and, if there are any in `any`, at least one of those."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of `all`, then those of `any`."""
        return self.all + self.any


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One intent of a protocol. `params` is the frozen value that the action's own schema loads."""

    do: str  #: a name of `actions.registry.ACTIONS`
    params: Any
    owner: Owner | None = None  #: None is the engine itself
    within_hours: float | None = None  #: the deadline, in business hours of the desk from when the step was planned
    done_when: DoneWhen | None = None  #: the done-check of a person's step


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    cooldown_hours: float = 24.0  #: after the ticket's last case was closed, whichever protocol opened it
    rearm: Rearm = Rearm.AFTER_STATE_EXIT
    rearm_hours: float | None = None  #: only with `after_hours`
    max_cases: int = 3  #: cases of this protocol on one ticket, ever
    max_actions: int = 20  #: steps in one case over all its rounds
    max_rounds: int = 5  #: rounds of steps in one case
    max_cases_per_day: int | None = None  #: over all tickets of the desk; None is without limit
    max_apologies: int | None = None  #: to one customer; None is without limit
    automation_may_speak: bool = False  #: whether steps may write to the customer, where the desk allows it too
    tags_expire_days: float | None = None  #: after a case was closed, its tags go; None is never
    stop_when: tuple[Condition, ...] = ()  #: when all hold, what is still planned is skipped
    holdout_share: float = 0.0

    @property
    def cooldown(self) -> timedelta:
        return timedelta(hours=self.cooldown_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resurvey:
    """The survey after a resolution."""

    after_hours: float = 24.0  #: counted from the moment the ticket was solved
    channel: Channel = Channel.AUTO
    good_from: float = 0.6  #: the lowest normalised answer, in [0, 1], that counts as recovered

    @property
    def after(self) -> timedelta:
        return timedelta(hours=self.after_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    resurvey: Resurvey | None = None
    return_to: ReturnTo = ReturnTo.STAY
    return_group: str | None = None  #: by name or id; given with `group` alone
    close_needs: CloseNeeds = CloseNeeds.CONFIRMATION_OR_REASON


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """How fast people are to be, in business time of the desk; None is no target."""

    first_touch_minutes: float | None = None  #: from the opening of the case to the first public reply after it
    recovery_hours: float | None = None  #: from the opening of the case to its resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryProtocol:
    """What to notice, and what to do then. Equal protocols write equal documents."""

    name: str
    cause: str = ANY_CAUSE  #: a `Cause`, or `any`; `unknown` is the default protocol
    criteria: Criteria
    team: str | None = None  #: the group that recovers, by name or id
    actions: tuple[Action, ...] = ()
    guardrails: Guardrails = field(default_factory=Guardrails)
    targets: Targets = field(default_factory=Targets)
    follow_up: FollowUp = field(default_factory=FollowUp)
    tags: tuple[str, ...] = ()  #: the tags that its steps may add or remove

    @property
    def steps(self) -> tuple[tuple[str, Action], ...]:
        """The actions to plan when a case opens, each with a key that is unique within this version ("2-note").

        A re-survey waits for the resolution and is found at `resurvey`.
        """
        numbered = enumerate(self.actions, start=1)
        return tuple((f"{number}-{action.do}", action) for number, action in numbered if action.do != "resurvey")

    @property
    def resurvey(self) -> Resurvey | None:
        """The survey to send after resolution, whether written as a follow-up or as an action."""
        listed = (action.params for action in self.actions if action.do == "resurvey")
        return self.follow_up.resurvey or next(listed, None)

    @property
    def is_default(self) -> bool:
        """True for the protocol in charge of every cause that has none of its own."""
        return self.cause == Cause.UNKNOWN
