"""Reviews: a person's word on what the engine cannot settle: steps and invitations of unknown outcome, or given up.

Each is a conditional update, so that of two people who press at once one decides, and locks the ticket before it, as
every worker does. Who decides on several in one transaction calls `lock` with all of them first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.protocols.cases import CaseEvent, advance, can_advance
from app.store import cases, tracked_tickets
from app.store.models import (
    Invitation,
    InvitationState,
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    StepRow,
    StepState,
    TrackedTicket,
)
from app.store.queue import STUCK_INVITATIONS, STUCK_STEPS

CONFIRMED = "a person confirmed that it was sent"
LEFT = "a person decided that it is not to be sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A step or a survey that waits for a person's word."""

    step: StepRow | None  #: one of these two is there
    invitation: Invitation | None
    ticket_id: str
    protocol: str

    @property
    def row(self) -> StepRow | Invitation:
        found = self.step or self.invitation
        assert found is not None
        return found


def undecided(session: Session, limit: int = 50) -> Sequence[Undecided]:
    """What waits for a person's word in open and closed cases, steps before surveys, each the oldest first."""
    steps = session.execute(_of_case(StepRow).where(StepRow.state.in_(STUCK_STEPS)).order_by(StepRow.id).limit(limit))
    found = [Undecided(step=row, invitation=None, ticket_id=id_, protocol=name) for row, id_, name in steps]
    surveys = session.execute(
        _of_case(Invitation)
        .where(Invitation.state.in_(STUCK_INVITATIONS))
        .order_by(Invitation.id)
        .limit(limit - len(found))
    )
    return found + [Undecided(step=None, invitation=row, ticket_id=id_, protocol=name) for row, id_, name in surveys]


def _of_case(table: type[StepRow] | type[Invitation]) -> Select[Any]:
    columns: tuple[Any, ...] = (table, TrackedTicket.ticket_id, ProtocolRow.name)
    return (
        select(*columns)
        .join(RecoveryCase, RecoveryCase.id == table.case_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
    )


def lock(session: Session, *, steps: Collection[int] = (), surveys: Collection[int] = ()) -> None:
    """Have nobody else record on the tickets of these steps and surveys until the transaction ends."""
    of_steps = session.scalars(select(StepRow.tracked_id).where(StepRow.id.in_(steps)))
    of_surveys = session.scalars(select(Invitation.tracked_id).where(Invitation.id.in_(surveys)))
    tracked_tickets.lock_all(session, {*of_steps, *of_surveys})


def confirm_step(session: Session, step_id: int, now: datetime) -> int | None:
    """It did take effect. Returns its case, or None when there was nothing to confirm; `now` is business time."""
    lock(session, steps=[step_id])
    row = session.execute(
        update(StepRow)
        .where(StepRow.id == step_id, StepRow.state == StepState.NEEDS_REVIEW)
        .values(state=StepState.DONE, reason=CONFIRMED, settled_at=now)
        .returning(StepRow.case_id, StepRow.params)
    ).first()
    if row is None:
        return None
    if (invitation_id := row.params.get("invitation_id")) is not None:
        _went_out(session, invitation_id, InvitationState.HANDED_OVER, now)
    return int(row.case_id)


def repeat_step(session: Session, step_id: int, woken_at: datetime) -> int | None:
    """Perform it again. Returns its case, or None when there is nothing to repeat; `woken_at` is mechanism time."""
    lock(session, steps=[step_id])
    row = session.execute(
        update(StepRow)
        .where(StepRow.id == step_id, StepRow.state.in_(STUCK_STEPS))
        .values(state=StepState.PLANNED, reason=None, attempts=0, sent_at=None, settled_at=None)
        .returning(StepRow.case_id, StepRow.tracked_id)
    ).first()
    if row is None:
        return None
    tracked_tickets.wake(session, row.tracked_id, woken_at)
    return int(row.case_id)


def confirm_invitation(session: Session, invitation_id: int, now: datetime) -> int | None:
    """The survey did go out. Returns its case, or None when there was nothing to confirm; `now` is business time."""
    lock(session, surveys=[invitation_id])
    return _went_out(session, invitation_id, InvitationState.NEEDS_REVIEW, now)


def _went_out(session: Session, invitation_id: int, was: InvitationState, now: datetime) -> int | None:
    case_id = session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.state == was)
        .values(state=InvitationState.SENT, reason=CONFIRMED, sent_at=now, lease_until=None)
        .returning(Invitation.case_id)
    )
    if case_id is not None:
        case = cases.get(session, case_id)
        if can_advance(case.stage, CaseEvent.RESURVEY):
            cases.move(case, advance(case.stage, CaseEvent.RESURVEY), now)
    return case_id


def hasten_invitation(session: Session, invitation_id: int, now: datetime) -> int | None:
    """Ask the customer now instead of later. Returns its case, or None when it is not waiting any more; `now` is
    business time."""
    lock(session, surveys=[invitation_id])
    return session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.state == InvitationState.SCHEDULED, Invitation.due_at > now)
        .values(due_at=now)
        .returning(Invitation.case_id)
    )


def repeat_invitation(session: Session, invitation_id: int) -> int | None:
    """Send the survey again as soon as may be. Returns its case, or None when there is nothing to repeat."""
    lock(session, surveys=[invitation_id])
    return session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.state.in_(STUCK_INVITATIONS))
        .values(
            state=InvitationState.SCHEDULED,
            reason=None,
            attempts=0,
            not_before=None,
            lease_until=None,
            sending_at=None,
        )
        .returning(Invitation.case_id)
    )


def leave_step(session: Session, step_id: int, now: datetime) -> int | None:
    """It is not to be done. Returns its case, or None when there was nothing to decide; `now` is business time.

    A survey that it would have posted is not sent.
    """
    lock(session, steps=[step_id])
    row = session.execute(
        update(StepRow)
        .where(StepRow.id == step_id, StepRow.state.in_(STUCK_STEPS))
        .values(state=StepState.SKIPPED, reason=LEFT, settled_at=now)
        .returning(StepRow.case_id, StepRow.params)
    ).first()
    if row is None:
        return None
    if (invitation_id := row.params.get("invitation_id")) is not None:
        _leave(session, invitation_id, InvitationState.HANDED_OVER)
    return int(row.case_id)


def leave_invitation(session: Session, invitation_id: int) -> int | None:
    """The survey is not to be sent. Returns its case, or None when there was nothing to decide."""
    lock(session, surveys=[invitation_id])
    return _leave(session, invitation_id, *STUCK_INVITATIONS)


def _leave(session: Session, invitation_id: int, *was: InvitationState) -> int | None:
    return session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.state.in_(was))
        .values(state=InvitationState.NOT_SENT, reason=LEFT, lease_until=None)
        .returning(Invitation.case_id)
    )
