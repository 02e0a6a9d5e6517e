"""What becomes of tickets: those tracked because of another one, cases that move to them, tickets that are gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.models import Invitation, Participant, RecoveryCase, StepRow, StepState, TrackedTicket


def track(session: Session, desk_id: int, ticket_id: str, now: datetime) -> TrackedTicket:
    """The row of a ticket of which another one told, added where it is new; it is read as soon as may be.

    `now` is mechanism time. Locked until the transaction ends, so that its worker records before or after us.
    """
    same = select(TrackedTicket).where(TrackedTicket.ticket_id == ticket_id).with_for_update()
    row = session.scalar(same)
    if row is None:
        added = TrackedTicket(desk_id=desk_id, ticket_id=ticket_id, first_dirty_at=now, tags=[])
        try:
            with session.begin_nested():
                session.add(added)
            row = added
        except IntegrityError:
            # A webhook about it came at the same moment.
            row = session.scalars(same).one()
    row.dirty += 1
    row.first_dirty_at = row.first_dirty_at or now
    row.due_at = min(row.due_at, now) if row.due_at else now
    row.dead_at = None
    session.flush()
    return row


def move_case(session: Session, case: RecoveryCase, source: TrackedTicket, target: TrackedTicket) -> None:
    """Make an open case one of another ticket, with what is still to do and with its surveys.

    What was done stays a part of the case wherever it was done; a call whose fate is unknown stays with the ticket
    whose log tells of it.
    """
    earlier = select(func.count()).select_from(RecoveryCase).where(RecoveryCase.tracked_id == target.id)
    case.moved_from = source.ticket_id
    case.episode = (session.scalar(earlier) or 0) + 1
    case.tracked_id = target.id
    case.open_key = target.id
    session.flush()
    for table, still in ((StepRow, StepRow.state == StepState.PLANNED), (Invitation, Invitation.id.is_not(None))):
        statement = update(table).where(table.case_id == case.id, still).values(tracked_id=target.id)
        session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()


def lives_elsewhere(session: Session, person_id: int, except_id: int) -> bool:
    """Whether this person has another ticket that is still there."""
    other = select(TrackedTicket.id).where(
        TrackedTicket.person_id == person_id,
        TrackedTicket.id != except_id,
        TrackedTicket.gone_at.is_(None),
        TrackedTicket.erased_at.is_(None),
    )
    return session.scalar(other.limit(1)) is not None


def moved_away(session: Session, ticket_id: str) -> list[RecoveryCase]:
    """Cases that began on this ticket and went on on another, oldest first."""
    moved = select(RecoveryCase).where(RecoveryCase.moved_from == ticket_id)
    return list(session.scalars(moved.order_by(RecoveryCase.id)))


def participants(session: Session, tracked_id: int) -> list[Participant]:
    """People in copy who have written, in the order in which they first did."""
    return list(
        session.scalars(select(Participant).where(Participant.tracked_id == tracked_id).order_by(Participant.id))
    )


def participant(session: Session, tracked: TrackedTicket, helpdesk_id: str) -> Participant:
    """Somebody in copy on a ticket, added where they are new; the caller says when they wrote."""
    same = select(Participant).where(Participant.tracked_id == tracked.id, Participant.helpdesk_id == helpdesk_id)
    row = session.scalar(same)
    if row is None:
        row = Participant(desk_id=tracked.desk_id, tracked_id=tracked.id, helpdesk_id=helpdesk_id, messages=0)
        session.add(row)
    return row
