"""How a case gets along, as pure rules: what is a person's to do and by when, when it is done, and when automation has
had its turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.protocols import rules
from app.protocols.facts import Facts
from app.protocols.protocol import Action, Criteria, DoneWhen, Guardrails, RecoveryProtocol, Targets
from app.scoring.context import Hours

TASK = "task"  #: the action that is always a person's
SENT_BY_US = frozenset({"alert", "vendor_notice"})  #: whoever is named on them is told, and does not send them

#: The default protocol's clock where it names none: a cause that nobody knows still gets an answer. Judgement.
DEFAULT_TARGETS = Targets(first_touch_minutes=240, recovery_hours=24)

#: What writes to the customer, gives something, or ends the ticket: nothing for a machine after a second failure.
TOWARDS_CUSTOMER = frozenset({"reply", "macro", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at the ticket shows of people's work."""

    replied_at: datetime | None = None  #: an agent's newest public reply that we know of
    solved_at: datetime | None = None  #: None while it is not solved
    assigned: bool = False
    acknowledged_at: datetime | None = None  #: when somebody last acknowledged an alert of the case


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a case's targets are to be met, in business time; None is no target."""

    touch_at: datetime | None = None
    recover_at: datetime | None = None


def is_persons(action: Action) -> bool:
    """Whether people do it and the engine only waits; an alert is sent by us, whoever it is for."""
    return action.do == TASK or (action.owner is not None and action.do not in SENT_BY_US)


def later(start: datetime, hours: float, calendar: Hours | None) -> datetime:
    """So many business hours after `start`; every hour counts without a calendar, and beyond the end of one."""
    if calendar is not None:
        try:
            return calendar.after(start, hours)
        except OverflowError:
            return start + timedelta(hours=hours)
    return start + timedelta(hours=hours)


def deadline(action: Action, start: datetime, calendar: Hours | None) -> datetime | None:
    """When a step that was planned at `start` is due; None where the document sets no deadline."""
    return None if action.within_hours is None else later(start, action.within_hours, calendar)


def targets_of(protocol: RecoveryProtocol) -> Targets:
    """The protocol's targets; the default protocol has a clock also where its document names none."""
    own = protocol.targets
    if not protocol.is_default:
        return own
    return Targets(
        first_touch_minutes=own.first_touch_minutes or DEFAULT_TARGETS.first_touch_minutes,
        recovery_hours=own.recovery_hours or DEFAULT_TARGETS.recovery_hours,
    )


def due(targets: Targets, start: datetime, calendar: Hours | None) -> Due:
    """The moments by which the targets are to be met, counted from `start`."""
    touch, recovery = targets.first_touch_minutes, targets.recovery_hours
    return Due(
        touch_at=None if touch is None else later(start, touch / 60, calendar),
        recover_at=None if recovery is None else later(start, recovery, calendar),
    )


def is_done(done_when: DoneWhen | None, seen: Seen, planned_at: datetime) -> bool:
    """Whether the ticket shows that a person's step is done; what is ticked off is never seen on it."""
    if done_when is DoneWhen.ASSIGNED:
        return seen.assigned
    moments = {
        DoneWhen.PUBLIC_REPLY: seen.replied_at,
        DoneWhen.SOLVED: seen.solved_at,
        DoneWhen.ACKNOWLEDGED: seen.acknowledged_at,
    }
    at = moments.get(done_when) if done_when is not None else None
    return at is not None and at >= planned_at


def stops(guardrails: Guardrails, facts: Facts) -> str | None:
    """Why what is still planned is not to be done any more, or None."""
    if not guardrails.stop_when:
        return None
    results = rules.explain(Criteria(all=guardrails.stop_when), facts)
    if not all(result.passed for result in results):
        return None
    return f"the protocol stops when {', '.join(rules.sentence(result) for result in results)}"


def out_of_rounds(guardrails: Guardrails, number: int) -> bool:
    """Whether round `number`, counted from 1, is one too many."""
    return number > guardrails.max_rounds


def brake(*, repeat_failure: bool, failed_recoveries: int) -> str | None:
    """Why a person takes over from automation: the second failure forgives nothing, or None."""
    if failed_recoveries:
        return "an earlier recovery of this customer failed"
    return "this is not the customer's first bad experience within 90 days" if repeat_failure else None


def held_back(do: str) -> bool:
    """Whether a braked case leaves this action to people."""
    return do in TOWARDS_CUSTOMER
