"""What it means that somebody takes a case, gives it to somebody, or puts it off: the row, the helpdesk's assignee, the
alerts that wait, and the audit log, in one transaction. Pages and the API call this; nothing here answers a request.

Each locks the case's ticket before all else, as workers do. Who changes several in one transaction calls `hold` with
all of them first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.clock import real_now
from app.store import alert_chains, audit, cases, colleagues, handling, steps, tracked_tickets
from app.store.colleagues import Colleague
from app.store.desks import NotFound
from app.store.handling import Holding, Snooze
from app.store.models import RecoveryCase, StepState
from app.words import Arm
from tasks import own_steps

GIVEN_ELSEWHERE = "given to somebody else meanwhile"


class Fate(StrEnum):
    """What became of a wish; everything but `DONE` has changed nothing."""

    DONE = "done"
    TAKEN = "taken"  # somebody else has it
    STALE = "stale"  # it was changed since the page was made
    CLOSED = "closed"
    UNKNOWN = "unknown"  # the desk has no such case
    NOT_YOURS = "not_yours"  # only who has it, or a lead, may do that
    NO_SUCH_PERSON = "no_such_person"  # whom it was to be given to does not work on this desk, or not any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who wishes it."""

    key: str  #: "account:7", as rows name a holder
    name: str  #: for the words on alerts: an e-mail address
    leads: bool  #: at least a lead
    by: str | None = None  #: for the audit log, where it was not the person but a program of theirs: "token:5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it on one case; `holding` is how it stands now, None where there is no such case."""

    case_id: int
    fate: Fate
    holding: Holding | None


def hold(session: Session, case_ids: Collection[int]) -> None:
    """Before the first of several changes: have nobody else record on any of these cases until the transaction ends."""
    handling.lock(session, case_ids)


def claim(session: Session, case_id: int, actor: Actor, now: datetime) -> Result:
    """Take a case that nobody has: its waiting alerts are acknowledged, and where the person is known as an agent of
    the helpdesk, the ticket is given to them there. `now` is business time."""
    before, refused = _open(session, case_id)
    if before is None or refused is not None:
        return _result(case_id, refused or Fate.UNKNOWN, before)
    held = handling.claim(session, case_id, actor.key, now)
    if held is None:
        return _result(case_id, Fate.TAKEN, handling.of_case(session, case_id))
    if before.holder == held.holder:
        return _result(case_id, Fate.DONE, held)
    alert_chains.acknowledge_case(session, case_id, actor.name, now=now, woken_at=real_now())
    _give(session, held, colleagues.find(session, _desk_of(session), actor.key), now)
    return _done(session, actor, "case.claimed", held)


def release(session: Session, case_id: int, actor: Actor, version: int) -> Result:
    """Nobody is to have the case; only who has it, or a lead, may. What the helpdesk says of the ticket stays as it
    is."""
    refused = _refusal(session, case_id, actor, version)
    if refused is not None:
        return refused
    held = handling.release(session, case_id, version=version)
    return _done(session, actor, "case.released", held) if held else _lost(session, case_id)


def hand_over(session: Session, case_id: int, to: str, actor: Actor, version: int, now: datetime) -> Result:
    """Give a case to a colleague, by their key, here and where they are known as an agent at the helpdesk too; only who
    has the case, or a lead, may. `now` is business time."""
    refused = _refusal(session, case_id, actor, version)
    if refused is not None:
        return refused
    colleague = colleagues.find(session, _desk_of(session), to)
    if colleague is None:
        return _result(case_id, Fate.NO_SUCH_PERSON, handling.of_case(session, case_id))
    held = handling.hand_over(session, case_id, to, version=version, now=now)
    if held is None:
        return _lost(session, case_id)
    _give(session, held, colleague, now)
    return _done(session, actor, "case.handed_over", held, to=to)


def snooze(session: Session, case_id: int, wanted: Snooze, actor: Actor, version: int, now: datetime) -> Result:
    """Put a case out of sight until then; only who has it, or a lead, may. Raises handling.CannotSnooze for a time or a
    reason that cannot be kept. `now` is business time."""
    handling.check(wanted, now)
    refused = _refusal(session, case_id, actor, version)
    if refused is not None:
        return refused
    held = handling.snooze(session, case_id, wanted, version=version, now=now)
    if held is None:
        return _lost(session, case_id)
    return _done(session, actor, "case.snoozed", held, until=wanted.until.isoformat())


def unsnooze(session: Session, case_id: int, actor: Actor, version: int) -> Result:
    """See a case again at once; anybody may."""
    before, refused = _open(session, case_id)
    if before is None or refused is not None:
        return _result(case_id, refused or Fate.UNKNOWN, before)
    held = handling.unsnooze(session, case_id, version=version)
    return _done(session, actor, "case.woken", held) if held else _lost(session, case_id)


def _refusal(session: Session, case_id: int, actor: Actor, version: int) -> Result | None:
    """Why this person may not change who sees to the case, as it stands; None where they may."""
    before, refused = _open(session, case_id)
    if before is None or refused is not None:
        return _result(case_id, refused or Fate.UNKNOWN, before)
    if not actor.leads and before.holder != actor.key:
        return _result(case_id, Fate.NOT_YOURS, before)
    return _result(case_id, Fate.STALE, before) if before.version != version else None


def _open(session: Session, case_id: int) -> tuple[Holding | None, Fate | None]:
    """The case as it stands once nobody else works on it, and why nobody may change who sees to it."""
    handling.lock(session, [case_id])
    try:
        case = cases.get(session, case_id)
    except NotFound:
        return None, Fate.UNKNOWN
    if case.arm is Arm.HOLDOUT:  # nobody's to see to, or the comparison is worth nothing
        return None, Fate.UNKNOWN
    return handling.of_case(session, case_id), Fate.CLOSED if case.open_key is None else None


def _lost(session: Session, case_id: int) -> Result:
    """Somebody was faster between the look and the change."""
    holding, refused = _open(session, case_id)
    return _result(case_id, refused or Fate.STALE, holding)


def _give(session: Session, held: Holding, to: Colleague | None, now: datetime) -> None:
    """Have the ticket given to the colleague at the helpdesk, unless they have it there, or are not known there."""
    case = cases.get(session, held.case_id)
    _call_off(session, case, now)
    ticket = tracked_tickets.get(session, case.tracked_id)
    if to is None or to.agent_id is None or to.agent_id == ticket.assignee_id:
        return
    group_id = colleagues.group_for(session, to.agent_id, ticket)
    if group_id is None:
        return
    case.owner_id = to.agent_id
    params = {"agent_id": to.agent_id, "group_id": group_id}
    action = f"{own_steps.HAND_OVER}-{held.version}"
    steps.plan(session, case, [steps.Planned(action=action, do=own_steps.HAND_OVER, params=params)], now)
    tracked_tickets.wake(session, case.tracked_id, real_now())


def _call_off(session: Session, case: RecoveryCase, now: datetime) -> None:
    """Hand-overs that have not left yet would undo this one."""
    planned = [
        step
        for step in steps.of_case(session, case.id)
        if step.do == own_steps.HAND_OVER and step.state is StepState.PLANNED
    ]
    steps.finish(planned, StepState.SKIPPED, now, reason=GIVEN_ELSEWHERE)


def _done(session: Session, actor: Actor, did: str, held: Holding, **detail: Any) -> Result:
    audit.record(session, by=actor.by or actor.key, did=did, what=f"case:{held.case_id}", detail=detail, at=real_now())
    return _result(held.case_id, Fate.DONE, held)


def _result(case_id: int, fate: Fate, holding: Holding | None) -> Result:
    return Result(case_id=case_id, fate=fate, holding=holding)


def _desk_of(session: Session) -> int:
    desk_id = session.info["desk_id"]
    assert isinstance(desk_id, int)
    return desk_id
