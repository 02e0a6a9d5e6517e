"""Recovery cases: opened once per ticket at a time, moved along, closed. What follows what is `app.protocols.cases`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app.store.desks import NotFound
from app.store.models import (
    Answer,
    Invitation,
    InvitationState,
    Message,
    ProtocolRow,
    ProtocolVersion,
    RatingRow,
    RecoveryCase,
    TrackedTicket,
)
from app.words import CLOSED_STAGES, Arm, CaseStage, Cause
from connectors.ticket import Author

#: Which column remembers when a stage was first reached.
_REACHED = {
    CaseStage.FLAGGED: "flagged_at",
    CaseStage.ASSIGNED: "assigned_at",
    CaseStage.CONTACTED: "contacted_at",
    CaseStage.RESOLVED: "resolved_at",
    CaseStage.RESURVEYED: "resurveyed_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Why a case opens."""

    version_id: int
    arm: Arm
    cause: Cause
    opened_by: str  #: "state" or "rating"
    rating_id: int | None
    round: int = 1  #: that its steps begin with


def open_case(session: Session, tracked: TrackedTicket, opening: Opening, now: datetime) -> RecoveryCase:
    """Store a new case. A second open case on the same ticket is refused by the database."""
    earlier = select(func.count()).select_from(RecoveryCase).where(RecoveryCase.tracked_id == tracked.id)
    case = RecoveryCase(
        desk_id=tracked.desk_id,
        tracked_id=tracked.id,
        person_id=tracked.person_id,
        version_id=opening.version_id,
        open_key=tracked.id,
        episode=(session.scalar(earlier) or 0) + 1,
        stage=CaseStage.ELIGIBLE,
        arm=opening.arm,
        cause=opening.cause,
        opened_by=opening.opened_by,
        opening_rating_id=opening.rating_id,
        opening_score=tracked.score,
        opening_state=tracked.state,
        previous_group_id=tracked.group_id,
        previous_assignee_id=tracked.assignee_id,
        round=opening.round,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    return case


def get(session: Session, case_id: int) -> RecoveryCase:
    """Raises NotFound."""
    case = session.get(RecoveryCase, case_id)
    if case is None:
        raise NotFound(f"case {case_id}")
    return case


def find_open(session: Session, tracked_id: int) -> RecoveryCase | None:
    return session.scalar(select(RecoveryCase).where(RecoveryCase.open_key == tracked_id))


def of_ticket(session: Session, tracked_id: int) -> Sequence[RecoveryCase]:
    """Oldest first."""
    return session.scalars(
        select(RecoveryCase).where(RecoveryCase.tracked_id == tracked_id).order_by(RecoveryCase.id)
    ).all()


def find_by_opening_rating(session: Session, rating_id: int) -> RecoveryCase | None:
    return session.scalar(select(RecoveryCase).where(RecoveryCase.opening_rating_id == rating_id))


def move(case: RecoveryCase, stage: CaseStage, now: datetime, reason: str | None = None) -> None:
    """Put the case in a stage; the first time of each stage is kept, a final stage closes the case."""
    if case.stage is stage:
        return
    case.stage = stage
    column = _REACHED.get(stage)
    if column is not None and getattr(case, column) is None:
        setattr(case, column, now)
    if reason is not None:
        case.reason = reason[:500]
    if stage in CLOSED_STAGES:
        case.closed_at = now
        case.open_key = None


def answer_of(session: Session, case_id: int) -> tuple[Invitation, Answer] | None:
    """The newest answer to a survey of this case."""
    row = session.execute(
        select(Invitation, Answer)
        .join(Answer, Answer.invitation_id == Invitation.id)
        .where(Invitation.case_id == case_id)
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def with_protocol(session: Session) -> Sequence[tuple[RecoveryCase, str]]:
    """Every case of the desk with its protocol's name."""
    rows = session.execute(
        select(RecoveryCase, ProtocolRow.name)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .order_by(RecoveryCase.id)
    )
    return [(case, name) for case, name in rows]


def unasked(session: Session, resolved_before: datetime) -> Sequence[RecoveryCase]:
    """Open cases resolved before then (business time) for which no survey is under way, answered or in doubt."""
    over = (InvitationState.CANCELLED, InvitationState.NOT_SENT, InvitationState.DEAD)
    asked = exists().where(Invitation.case_id == RecoveryCase.id, Invitation.state.not_in(over))
    resolved = (RecoveryCase.stage == CaseStage.RESOLVED, RecoveryCase.resolved_at <= resolved_before)
    return session.scalars(select(RecoveryCase).where(RecoveryCase.open_key.is_not(None), *resolved, ~asked)).all()


def answered_at(session: Session) -> dict[int, datetime]:
    """When each case was first answered."""
    rows = session.execute(select(Answer.case_id, func.min(Answer.at)).group_by(Answer.case_id))
    return {case_id: at for case_id, at in rows}


def count_lost(session: Session, case: RecoveryCase) -> int:
    """How many other cases of the same ticket or person were lost."""
    same = RecoveryCase.tracked_id == case.tracked_id
    if case.person_id is not None:
        same = or_(same, RecoveryCase.person_id == case.person_id)
    lost = select(func.count(RecoveryCase.id)).where(
        same, RecoveryCase.id != case.id, RecoveryCase.stage == CaseStage.LOST
    )
    return session.scalar(lost) or 0


def heard_since(session: Session, tracked_id: int, since: datetime) -> bool:
    """Whether the customer has written, rated or answered on the ticket after then (business time)."""
    said = exists().where(Message.tracked_id == tracked_id, Message.author == Author.CUSTOMER, Message.at > since)
    rated = exists().where(RatingRow.tracked_id == tracked_id, RatingRow.at > since)
    own = select(RecoveryCase.id).where(RecoveryCase.tracked_id == tracked_id)
    answered = exists().where(Answer.case_id.in_(own), Answer.at > since)
    heard = select(TrackedTicket.id).where(TrackedTicket.id == tracked_id, or_(said, rated, answered))
    return session.scalar(heard) is not None


def open_by_version(session: Session) -> Sequence[tuple[int, str | None, int]]:
    """Open cases of the desk counted by version and by the group that has the ticket."""
    rows = session.execute(
        select(RecoveryCase.version_id, TrackedTicket.group_id, func.count(RecoveryCase.id))
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .where(RecoveryCase.open_key.is_not(None))
        .group_by(RecoveryCase.version_id, TrackedTicket.group_id)
    )
    return [(version_id, group_id, number) for version_id, group_id, number in rows]
