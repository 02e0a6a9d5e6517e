"""A person closes a case: with the customer's confirmation, or with a reason in words. Never just so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols.cases import CaseEvent, advance, can_advance
from app.protocols.protocol import CloseNeeds
from app.store import cases, deviations, protocols, steps, tracked_tickets
from app.store.deviations import DeviationKind, Given, ReasonMissing
from app.store.models import RecoveryCase
from app.words import CLOSED_STAGES
from tasks import documents, own_steps, recovery


class Ending(StrEnum):
    """How a person sees the end of a case."""

    RECOVERED = "recovered"  # the customer has said that all is well
    LOST = "lost"
    ENDED = "ended"  # it came to neither


class CannotClose(Exception):
    """The case cannot be closed like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a person says."""

    ending: Ending
    confirmed: bool  #: the customer has confirmed it, by whatever way
    reason: str
    by: str


def close(session: Session, case: RecoveryCase, wanted: ByHand, now: datetime) -> None:
    """Close an open case and have its ticket marked. `now` is business time.

    Raises CannotClose, and ReasonMissing where neither a confirmation nor a reason is given and one is needed.
    """
    if case.stage in CLOSED_STAGES:
        raise CannotClose("the case is closed already")
    _check(session, case, wanted)
    if wanted.reason.strip() and not wanted.confirmed:
        deviations.record(session, case, Given(kind=DeviationKind.CLOSED, reason=wanted.reason, by=wanted.by), now)
    said = "the customer confirmed it" if wanted.confirmed else "closed by a person, with a reason on record"
    recovery.call_off(session, case, now, said)
    if wanted.ending is Ending.ENDED:
        recovery.expire(session, case, now, said)
        return
    _conclude(session, case, wanted.ending, said, now)
    tracked_tickets.wake(session, case.tracked_id, real_now())


def _check(session: Session, case: RecoveryCase, wanted: ByHand) -> None:
    follow_up = documents.read_cached(protocols.version(session, case.version_id).document).follow_up
    if wanted.ending is Ending.RECOVERED and not wanted.confirmed:
        raise CannotClose("only the customer's confirmation makes a case recovered")
    free = follow_up.close_needs is CloseNeeds.NOTHING
    if not (free or wanted.confirmed or wanted.reason.strip()):
        raise ReasonMissing("a case is closed with the customer's confirmation or with a reason")


def _conclude(session: Session, case: RecoveryCase, ending: Ending, said: str, now: datetime) -> None:
    good = ending is Ending.RECOVERED
    event = CaseEvent.RECOVER if good else CaseEvent.LOSE
    if not can_advance(case.stage, event) and can_advance(case.stage, CaseEvent.RESOLVE):
        cases.move(case, advance(case.stage, CaseEvent.RESOLVE), now)
    if not can_advance(case.stage, event):
        raise CannotClose("nothing has been done on the case yet; end it instead")
    steps.skip_open(session, case.id, now, said)
    outcome = steps.Planned(action="outcome", do=own_steps.OUTCOME, params={"value": 1.0 if good else 0.0})
    steps.plan(session, case, [outcome], now)
    cases.move(case, advance(case.stage, event), now, said)
