"""What comes next on a case, and when: everything that is planned, due or waited for, read for its page.

Nothing is decided here; each entry is somebody's row whose time has not come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.store import alert_chains, handling, invitations, steps
from app.store.models import Desk, DeskState, InvitationState, RecoveryCase, StepState, TrackedTicket


class Kind(StrEnum):
    """What an entry is; a template has words for each."""

    LOOK = "look"  # the ticket is read at the helpdesk
    SENDING = "sending"
    STEP = "step"  # automation's
    CHORE = "chore"  # a person's
    ALERT = "alert"  # the next one is told
    TOUCH = "touch"
    RECOVER = "recover"
    SURVEY = "survey"
    SURVEY_OVER = "survey_over"
    BACK = "back"  # a snooze ends
    TIME = "time"  # waiting alone changes the score


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """One thing to come."""

    kind: Kind
    at: datetime | None  #: business time; None for as soon as may be
    row: Any = None  #: a step, a call or an invitation

    def late(self, now: datetime) -> bool:
        """Its time has passed, and it has not happened."""
        return self.at is not None and self.at < now and self.kind in _PEOPLES


_PEOPLES = frozenset({Kind.CHORE, Kind.TOUCH, Kind.RECOVER})


def of_case(session: Session, case: RecoveryCase, ticket: TrackedTicket, now: datetime) -> Sequence[Next]:
    """What comes next, the soonest first; what has no time of its own comes before all else. `now` is business time."""
    found = [*_ticket(session, case, ticket, now), *_steps(session, case), *_surveys(session, case)]
    if case.open_key is not None:
        found += [*_targets(case), *_alerts(session, case)]
    return sorted(found, key=lambda one: (one.at is not None, one.at or case.opened_at))


def hindrances(desk: Desk, case: RecoveryCase, ticket: TrackedTicket) -> Sequence[str]:
    """Why what is to come may not come by itself, as sentences."""
    found = []
    if desk.state is DeskState.PAUSED:
        found.append("The desk is paused, so nothing is read or sent until it is active again.")
    if ticket.gone_at is not None:
        found.append("The ticket is gone from the helpdesk.")
    if ticket.dead_at is not None:
        found.append(
            f"The ticket was given up after repeated errors: {ticket.last_error or 'the reason is not known'}."
        )
    elif ticket.last_error and ticket.attempts:
        found.append(f"The helpdesk could not be read or written at the last try: {ticket.last_error}.")
    if case.open_key is not None and case.halted_at is not None:
        found.append(f"Automation keeps still on this case: {case.halted_because or 'it was called off'}.")
    return found


def _ticket(session: Session, case: RecoveryCase, ticket: TrackedTicket, now: datetime) -> Iterator[Next]:
    if ticket.dead_at is None and (ticket.dirty > ticket.done or ticket.due_at is not None):
        yield Next(kind=Kind.LOOK, at=None)
    if ticket.rescore_at is not None:
        yield Next(kind=Kind.TIME, at=ticket.rescore_at)
    holding = handling.of_case(session, case.id)
    if case.open_key is not None and handling.is_asleep(holding, ticket.state, ticket.state_since, now):
        yield Next(kind=Kind.BACK, at=holding.snoozed_until)


def _steps(session: Session, case: RecoveryCase) -> Iterator[Next]:
    for row in steps.of_case(session, case.id):
        if row.state is StepState.PLANNED:
            yield Next(kind=Kind.STEP, at=row.not_before, row=row)
        elif row.state is StepState.SENDING:
            yield Next(kind=Kind.SENDING, at=None, row=row)
        elif row.state is StepState.WAITING:
            yield Next(kind=Kind.CHORE, at=row.due_at, row=row)


def _surveys(session: Session, case: RecoveryCase) -> Iterator[Next]:
    waiting = (InvitationState.SCHEDULED, InvitationState.SENDING, InvitationState.HANDED_OVER)
    for row in invitations.of_case(session, case.id):
        if row.state in waiting:
            yield Next(kind=Kind.SURVEY, at=row.due_at, row=row)
        elif row.state is InvitationState.SENT and case.open_key is not None:
            yield Next(kind=Kind.SURVEY_OVER, at=row.expires_at, row=row)


def _targets(case: RecoveryCase) -> Iterator[Next]:
    if case.touch_due_at is not None and case.contacted_at is None:
        yield Next(kind=Kind.TOUCH, at=case.touch_due_at)
    if case.recover_due_at is not None and case.resolved_at is None:
        yield Next(kind=Kind.RECOVER, at=case.recover_due_at)


def _alerts(session: Session, case: RecoveryCase) -> Iterator[Next]:
    for call in alert_chains.of_case(session, case.id):
        if call.due_at is not None and call.settled_at is None and call.acknowledged_at is None:
            yield Next(kind=Kind.ALERT, at=call.due_at, row=call)
