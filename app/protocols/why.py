"""Why a protocol does or did what it does on a ticket, and why not: each step with its fate and a reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.protocols.actions.registry import kind_of
from app.protocols.protocol import Action, RecoveryProtocol
from app.words import Decision, Outcome

#: What a step is that no case has planned.
NOT_PLANNED = "not_planned"
WOULD_BE = "would_be_planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A planned step as it is stored."""

    action: str  #: the key within its version; the engine's own steps have keys of their own
    do: str
    state: str  #: planned, sending, waiting, done, skipped, refused, needs_review, dead
    round: int = 1
    reason: str | None = None
    receipt: str | None = None  #: the helpdesk's word that it took effect
    owner: str | None = None
    due_at: datetime | None = None  #: business time, as below
    not_before: datetime | None = None
    at: datetime | None = None  #: when it was settled, else when it was planned


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWhy:
    """One step, or one non-step, with its reason."""

    action: str
    do: str
    says: str  #: what it does, as an instruction
    state: str  #: as in `Made`; or `not_planned`, or `would_be_planned`
    reason: str  #: one sentence for people; never empty
    round: int | None = None
    at: datetime | None = None


def made_steps(protocol: RecoveryProtocol, made: Sequence[Made]) -> tuple[StepWhy, ...]:
    """What became of every step of a case that began under this version, then the steps that it never planned."""
    actions = dict(protocol.steps)
    found = [_told(one, actions.get(one.action)) for one in made]
    planned = {one.action for one in made}
    missing = [
        _not_planned(key, action, _left_out(protocol, number))
        for number, (key, action) in enumerate(protocol.steps, start=1)
        if key not in planned
    ]
    return (*found, *missing)


def steps_without_case(protocol: RecoveryProtocol, decision: Decision, *, acts: str | None) -> tuple[StepWhy, ...]:
    """The steps of a version that has no case on the ticket: why none of them was planned.

    `acts` says why nothing would follow even where the criteria hold (a draft, say); None where it is in force.
    """
    opens = decision.outcome is Outcome.OPEN
    reason = (acts or "The case opens at the ticket's next look.") if opens else decision.reason
    state = WOULD_BE if opens else NOT_PLANNED
    steps = [(key, action) for key, action in protocol.steps]
    most = protocol.guardrails.max_actions - 1
    told = [
        StepWhy(action=key, do=action.do, says=says(action), state=state, reason=reason)
        if place < most or not opens
        else _not_planned(key, action, _beyond(protocol))
        for place, (key, action) in enumerate(steps)
    ]
    return (*told, *_resurvey(protocol, state, reason))


def says(action: Action) -> str:
    """The action as an instruction."""
    return kind_of(action).describe(action.params)


def _told(one: Made, action: Action | None) -> StepWhy:
    return StepWhy(
        action=one.action,
        do=one.do,
        says=says(action) if action is not None else one.do.replace("_", " ").capitalize(),
        state=one.state,
        reason=fate(one),
        round=one.round,
        at=one.at,
    )


def fate(one: Made) -> str:
    """Why a stored step is where it is, in one sentence."""
    said = _FATES.get(one.state, "It is {state}.").format(
        state=one.state.replace("_", " "), owner=one.owner or "a person"
    )
    if one.state == "planned" and one.not_before is not None:
        said = f"It waits until {_moment(one.not_before)}."
    if one.state == "waiting" and one.due_at is not None:
        said = f"{said.rstrip('.')}, due {_moment(one.due_at)}."
    if one.state == "done" and one.reason is None and one.receipt:
        said = f"Done; the helpdesk's receipt is {one.receipt}."
    return _sentence(one.reason) if one.reason else said


_FATES: Mapping[str, str] = {
    "planned": "It is done at the ticket's next look.",
    "sending": "It was sent, and the helpdesk's answer is not known yet.",
    "waiting": "It waits for {owner}.",
    "done": "Done.",
    "needs_review": "Nobody can find out whether it took effect; a person has to decide.",
    "dead": "It was tried too often.",
}


def _left_out(protocol: RecoveryProtocol, number: int) -> str:
    if number >= protocol.guardrails.max_actions:
        return _beyond(protocol)
    return "This case did not plan it."


def _beyond(protocol: RecoveryProtocol) -> str:
    return f"It is beyond the {protocol.guardrails.max_actions} steps that a case may have."


def _not_planned(key: str, action: Action, reason: str) -> StepWhy:
    return StepWhy(action=key, do=action.do, says=says(action), state=NOT_PLANNED, reason=reason)


def _resurvey(protocol: RecoveryProtocol, state: str, reason: str) -> tuple[StepWhy, ...]:
    asked = protocol.resurvey
    if asked is None:
        return ()
    line = f"Ask the customer {asked.after_hours:g} hours after the ticket is solved"
    return (StepWhy(action="resurvey", do="resurvey", says=line, state=state, reason=reason),)


def _sentence(reason: str) -> str:
    said = reason[0].upper() + reason[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
