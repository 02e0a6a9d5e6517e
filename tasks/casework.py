"""The work on a case while it is open: what is planned and for whom, what people have done of it, and what stops it.

All of it in the transaction that recorded the look. What a clock alone brings about is in `targets.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.protocols import progress
from app.protocols.facts import Facts
from app.protocols.overrides import overrides
from app.protocols.progress import Seen
from app.protocols.protocol import Action, DoneWhen, Owner, RecoveryProtocol
from app.scoring.context import Hours
from app.store import alert_chains, cases, chores, deviations, steps
from app.store.models import RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import CaseStage
from tasks import leads, own_steps
from tasks.look import Look

LEAD = Owner.LEAD.value

#: What is done on a halted case all the same.
_OURS = frozenset({own_steps.FLAG, own_steps.OUTCOME, own_steps.EXPIRED}) | own_steps.TELLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a case is worked on by."""

    protocol: RecoveryProtocol
    facts: Facts  #: empty where there is no score to make any of
    now: datetime  #: business time
    hours: Hours | None  #: the desk's working hours


def begin(session: Session, case: RecoveryCase, setting: Setting) -> None:
    """Plan the steps of a new case, ours and people's, and set its clock."""
    protocol = setting.protocol
    set_clock(case, setting)
    case.owner_id = case.previous_assignee_id
    planned = [steps.Planned(action="0-flag", do=own_steps.FLAG, params={})]
    if _belongs_to_nobody(case, protocol):
        planned.append(_for_lead(own_steps.TAKE_IT, DoneWhen.ASSIGNED, case))
    planned += [_planned(key, action, setting) for key, action in protocol.steps]
    steps.plan(session, case, planned[: protocol.guardrails.max_actions], setting.now)
    _brake(session, case, setting)
    stop(session, case, setting)


def go_on(session: Session, row: TrackedTicket, case: RecoveryCase, look: Look, setting: Setting) -> None:
    """What a look at the ticket means for the work on its open case."""
    _watch_people(session, case, look)
    if case.open_key is None:
        return
    case.owner_id = row.assignee_id or case.owner_id
    _see(session, row, case, look)
    if _brake(session, case, setting):
        set_clock(case, setting)
    _cap_rounds(session, case, setting)
    if _came_to_nobody(session, row, case):
        steps.plan(session, case, [_for_lead(own_steps.TAKE_IT, DoneWhen.ASSIGNED, case)], setting.now)


def stop(session: Session, case: RecoveryCase, setting: Setting) -> None:
    """Skip what is still planned where the protocol's own conditions say so; the case stays with its people."""
    if case.halted_at is None and (why := progress.stops(setting.protocol.guardrails, setting.facts)) is not None:
        _halt(session, case, why, setting.now)


def set_clock(case: RecoveryCase, setting: Setting) -> None:
    """Set the targets from now on; what was promised before counts no more."""
    due = progress.due(progress.targets_of(setting.protocol), setting.now, setting.hours)
    case.touch_due_at, case.recover_due_at = due.touch_at, due.recover_at
    case.touch_missed_at = case.recover_missed_at = None


def _planned(key: str, action: Action, setting: Setting) -> steps.Planned:
    waits = progress.is_persons(action)
    check: dict[str, Any] = {"done_when": action.done_when.value} if waits and action.done_when is not None else {}
    owner = action.owner or (Owner.AGENT if waits else None)
    return steps.Planned(
        action=key,
        do=action.do,
        params=check,
        owner=owner.value if owner is not None else None,
        due_at=progress.deadline(action, setting.now, setting.hours),
        waits=waits,
    )


def _for_lead(do: str, done_when: DoneWhen, case: RecoveryCase) -> steps.Planned:
    """A step for a lead, due with the first word to the customer."""
    params = {"done_when": done_when.value}
    return steps.Planned(action=do, do=do, params=params, owner=LEAD, due_at=case.touch_due_at, waits=True)


def _belongs_to_nobody(case: RecoveryCase, protocol: RecoveryProtocol) -> bool:
    """Whether a ticket of unknown cause would stay without anybody: no group, no assignee, and no step that assigns."""
    assigned = case.previous_assignee_id or case.previous_group_id
    return protocol.is_default and not assigned and all(action.do != "assign" for action in protocol.actions)


def _came_to_nobody(session: Session, row: TrackedTicket, case: RecoveryCase) -> bool:
    """Whether the assignment was refused and the ticket is nobody's, and no lead was asked yet to take it."""
    if row.assignee_id is not None or row.group_id is not None:
        return False
    there = steps.of_case(session, case.id)
    refused = any(step.do == "assign" and step.state is StepState.REFUSED for step in there)
    return refused and all(step.do != own_steps.TAKE_IT for step in there)


def _see(session: Session, row: TrackedTicket, case: RecoveryCase, look: Look) -> None:
    """Finish people's steps that the ticket shows to be done."""
    seen = Seen(
        replied_at=look.replied,
        solved_at=row.solved_at,
        assigned=row.assignee_id is not None,
        acknowledged_at=alert_chains.acknowledged_at(session, case.id),
    )
    done = [step for step in chores.waiting_of(session, case.id) if _is_done(step, seen)]
    steps.finish(done, StepState.DONE, look.now, reason="seen on the ticket")


def _is_done(step: StepRow, seen: Seen) -> bool:
    check = step.params.get("done_when")
    return progress.is_done(DoneWhen(check) if check else None, seen, step.planned_at)


def _brake(session: Session, case: RecoveryCase, setting: Setting) -> bool:
    """After a second failure a person goes on: nothing more is said or given by machine. True when that is news."""
    why = progress.brake(
        repeat_failure=setting.facts.get("repeat_failure") is True,
        failed_recoveries=cases.count_lost(session, case),
    )
    there = steps.of_case(session, case.id)
    if why is None or any(step.do == own_steps.IN_PERSON for step in there):
        return False
    held = [step for step in there if step.state is StepState.PLANNED and progress.held_back(step.do)]
    steps.finish(held, StepState.SKIPPED, setting.now, reason=f"left to a person: {why}")
    tell = steps.Planned(action=own_steps.TELL_IN_PERSON, do=own_steps.TELL_IN_PERSON, params={"why": why})
    planned = [_for_lead(own_steps.IN_PERSON, DoneWhen.PUBLIC_REPLY, case), tell]
    lead = leads.lead_of(session, setting.protocol.team, setting.now)
    if lead is not None:
        case.owner_id = lead.agent_id
        planned[0] = replace(planned[0], owner=lead.agent_id)
        planned.append(steps.Planned(action=own_steps.HAND_OVER, do=own_steps.HAND_OVER, params=asdict(lead)))
    steps.plan(session, case, planned, setting.now)
    return True


def _cap_rounds(session: Session, case: RecoveryCase, setting: Setting) -> None:
    """Stop what goes round in circles, and tell the leads."""
    rails = setting.protocol.guardrails
    if case.halted_at is not None or not progress.out_of_rounds(rails, case.round):
        return
    _halt(session, case, f"it has had its {rails.max_rounds} rounds", setting.now)
    params = {"rounds": rails.max_rounds}
    tell = steps.Planned(action=own_steps.TELL_HALTED, do=own_steps.TELL_HALTED, params=params)
    steps.plan(session, case, [tell], setting.now)


def _halt(session: Session, case: RecoveryCase, why: str, now: datetime) -> None:
    case.halted_at, case.halted_because = now, why[:200]
    steps.finish(_planned_but(session, case, _OURS), StepState.SKIPPED, now, reason=why)


def over(session: Session, step: StepRow) -> str | None:
    """Why a step that was planned is not to be done any more: its case was halted, ended or left to a person. None
    where it still is to be done; what marks the end of a case, or takes it back, always is."""
    if step.do in own_steps.CLOSING:
        return None
    case = cases.get(session, step.case_id)
    if case.open_key is None or case.taken_back_at is not None:
        return case.reason or "the case is closed"
    if case.halted_at is not None and step.do not in _OURS:
        return case.halted_because
    return _left_to_a_person(session, step)


def _left_to_a_person(session: Session, step: StepRow) -> str | None:
    if not progress.held_back(step.do):
        return None
    told = [row for row in steps.of_case(session, step.case_id) if row.do == own_steps.TELL_IN_PERSON]
    return f"left to a person: {told[-1].params['why']}" if told else None


def _planned_but(session: Session, case: RecoveryCase, kept: Iterable[str]) -> list[StepRow]:
    left = set(kept)
    rows = steps.of_case(session, case.id)
    return [row for row in rows if row.state is StepState.PLANNED and row.do not in left]


def _watch_people(session: Session, case: RecoveryCase, look: Look) -> None:
    """Keep what people changed back of ours: whoever tunes the protocol learns from it."""
    changed = chores.changed(session, case.tracked_id)
    for found in overrides([row.change or {} for row in changed], look.ticket):
        deviations.note_override(session, changed[found.step], found.field, (found.ours, found.theirs), look.now)


def may_survey(case: RecoveryCase) -> bool:
    """Whether the customer may be asked by machine: not once automation was halted on the case."""
    return case.halted_at is None and case.stage is CaseStage.RESOLVED
