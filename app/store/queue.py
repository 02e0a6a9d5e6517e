"""Lists and counts for pages: the recovery queue, tickets at risk, what needs a person, and how much is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select, union
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import (
    Invitation,
    InvitationState,
    Message,
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    StepRow,
    StepState,
    TrackedTicket,
)
from app.words import CLOSED_STAGES, CaseStage, Cause, SatState
from connectors.ticket import Author, TicketStatus

PAGE = 50
OVER = (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.DELETED, TicketStatus.SPAM)
STUCK_STEPS = (StepState.NEEDS_REVIEW, StepState.DEAD)
STUCK_INVITATIONS = (InvitationState.NEEDS_REVIEW, InvitationState.DEAD)
AT_RISK = (SatState.POOR_WORSENING, SatState.POOR_IMPROVING, SatState.GOOD_WORSENING)  #: the most urgent first

#: With its words in the statement: a database that gets them beside it cannot tell that its index of these serves.
UNSOLVED = or_(
    TrackedTicket.status.is_(None),
    TrackedTicket.status.not_in(bindparam("over", OVER, expanding=True, literal_execute=True)),
)

#: The worst first; a ticket without a state comes after all that have one.
_URGENCY = case(
    {
        SatState.POOR_WORSENING: 0,
        SatState.POOR_IMPROVING: 1,
        SatState.GOOD_WORSENING: 2,
        SatState.GOOD_IMPROVING: 3,
    },
    value=TrackedTicket.state,
    else_=4,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases a page shows; None means any."""

    stages: frozenset[CaseStage] | None = None
    state: SatState | None = None
    page: int = 1  #: counted from 1, `PAGE` cases each


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One case, or one ticket without a case, as a row of a list."""

    case_id: int | None
    ticket_id: str
    subject: str
    state: SatState | None
    provisional: bool
    score: int | None
    cause: Cause | None
    protocol: str | None
    stage: CaseStage | None
    since: datetime | None  #: when the case opened, or the ticket came into its state; business time
    waiting_since: datetime | None  #: the first customer message that nobody has answered; business time


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    items: Sequence[QueueItem]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What waits for a person's word, as counts."""

    steps: int
    invitations: int
    dead_tickets: int

    @property
    def total(self) -> int:
        return self.steps + self.invitations + self.dead_tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of the tickets under watch have a score, and why the others have none."""

    eligible: int
    scored: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float | None:
        """In [0, 1]; None while there is no ticket."""
        return self.scored / self.eligible if self.eligible else None


def cases(session: Session, wanted: Wanted) -> QueuePage:
    """One page of cases: open ones first, the most urgent first; then closed ones, the newest first."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.stages is not None:
        conditions.append(RecoveryCase.stage.in_(wanted.stages))
    if wanted.state is not None:
        conditions.append(TrackedTicket.state == wanted.state)
    joined = select(RecoveryCase.id).join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id).where(*conditions)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    page = min(max(wanted.page, 1), max(1, -(-total // PAGE)))
    closed = RecoveryCase.stage.in_(CLOSED_STAGES)
    rows = (
        _case_rows()
        .where(*conditions)
        .order_by(
            case((closed, 1), else_=0),
            RecoveryCase.closed_at.desc(),
            _URGENCY,
            TrackedTicket.score,
            RecoveryCase.opened_at,
            RecoveryCase.id,
        )
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return QueuePage(items=_items(session, session.execute(rows).all()), total=total, page=page)


def at_risk(session: Session, limit: int = 20) -> Sequence[QueueItem]:
    """Unsolved tickets in a poor state, or getting worse, that have no open case; the most urgent first."""
    found: list[Any] = []
    for state in AT_RISK:  # one by one, each in the order of its index: so only what is shown is read
        if len(found) < limit:
            found += session.execute(_at_risk(state).limit(limit - len(found))).all()
    return _items(session, found)


def _at_risk(state: SatState) -> Select[Any]:
    open_case = select(RecoveryCase.id).where(RecoveryCase.open_key == TrackedTicket.id).exists()
    return (
        select(*_ticket_columns(), TrackedTicket.cause, TrackedTicket.state_since.label("since"))
        .where(TrackedTicket.state == state, UNSOLVED, TrackedTicket.dead_at.is_(None), ~open_case)
        .order_by(TrackedTicket.score, TrackedTicket.id)
    )


def count_by_stage(session: Session) -> Mapping[CaseStage, int]:
    """How many cases are in each stage; every stage is named."""
    rows = session.execute(select(RecoveryCase.stage, func.count(RecoveryCase.id)).group_by(RecoveryCase.stage))
    found = {stage: number for stage, number in rows}
    return {stage: found.get(stage, 0) for stage in CaseStage}


def count_by_state(session: Session) -> Mapping[SatState, int]:
    """How many unsolved tickets are in each state; every state is named."""
    rows = session.execute(select(TrackedTicket.state, func.count()).where(UNSOLVED).group_by(TrackedTicket.state))
    found = {state: number for state, number in rows}
    return {state: found.get(state, 0) for state in SatState}


def attention(session: Session) -> Attention:
    steps = select(func.count()).select_from(StepRow).where(StepRow.state.in_(STUCK_STEPS))
    invitations = select(func.count(Invitation.id)).where(Invitation.state.in_(STUCK_INVITATIONS))
    tickets = select(func.count()).select_from(TrackedTicket).where(TrackedTicket.dead_at.is_not(None))
    return Attention(
        steps=session.scalar(steps) or 0,
        invitations=session.scalar(invitations) or 0,
        dead_tickets=session.scalar(tickets) or 0,
    )


def stuck_cases(session: Session, limit: int = 20) -> Sequence[QueueItem]:
    """The cases with a step or an invitation that waits for a person's word, the oldest first."""
    steps = select(StepRow.case_id).where(StepRow.state.in_(STUCK_STEPS))
    invitations = select(Invitation.case_id).where(Invitation.state.in_(STUCK_INVITATIONS))
    stuck = union(steps, invitations).subquery()
    # The oldest are chosen first, and their tickets looked up after that.
    oldest = (
        select(RecoveryCase.id)
        .join(stuck, stuck.c.case_id == RecoveryCase.id)
        .order_by(RecoveryCase.opened_at, RecoveryCase.id)
        .limit(limit)
    )
    ids = session.scalars(oldest).all()
    rows = _case_rows().where(RecoveryCase.id.in_(ids)).order_by(RecoveryCase.opened_at, RecoveryCase.id)
    return _items(session, session.execute(rows).all() if ids else ())


def coverage(session: Session) -> Coverage:
    """Scored and not scored tickets; what has no reason of its own yet is waiting to be read, or was given up."""
    desks = list(coverages(session).values())
    return desks[0] if desks else Coverage(eligible=0, scored=0, reasons={})


def coverages(session: Session) -> Mapping[int, Coverage]:
    """The same for every desk that the session may look at and that has any ticket."""
    unscored = TrackedTicket.scored_at.is_(None)
    why = case(
        (TrackedTicket.unscored_reason.is_not(None), TrackedTicket.unscored_reason),
        (TrackedTicket.dead_at.is_not(None), "given up after repeated errors"),
        else_="waiting to be read",
    )
    desk, number = TrackedTicket.desk_id, func.count()  # of rows, not of ids: an index alone answers it
    counted = select(desk, why.label("why"), number).where(unscored).group_by(desk, "why").order_by("why")
    reasons: dict[int, dict[str, int]] = {}
    for desk_id, reason, tickets in session.execute(counted):
        reasons.setdefault(desk_id, {})[str(reason)] = int(tickets)
    eligible = {desk_id: int(tickets) for desk_id, tickets in session.execute(select(desk, number).group_by(desk))}
    return {
        desk_id: Coverage(eligible=tickets, scored=tickets - sum(found.values()), reasons=found)
        for desk_id, tickets in sorted(eligible.items())
        for found in [reasons.get(desk_id, {})]
    }


def waiting_since(session: Session, tracked_ids: Sequence[int]) -> Mapping[int, datetime]:
    """By ticket, the first customer message since the last public answer by an agent; missing where none waits."""
    answered = (
        select(Message.tracked_id, func.max(Message.at).label("at"))
        .where(Message.tracked_id.in_(tracked_ids), Message.author == Author.AGENT, Message.public.is_(True))
        .group_by(Message.tracked_id)
        .subquery()
    )
    rows = session.execute(
        select(Message.tracked_id, func.min(Message.at))
        .outerjoin(answered, answered.c.tracked_id == Message.tracked_id)
        .where(Message.tracked_id.in_(tracked_ids), Message.author == Author.CUSTOMER, Message.public.is_(True))
        .where(or_(answered.c.at.is_(None), Message.at > answered.c.at))
        .group_by(Message.tracked_id)
    )
    return {tracked_id: at for tracked_id, at in rows}


def _ticket_columns() -> tuple[Any, ...]:
    return (
        TrackedTicket.id.label("tracked_id"),
        TrackedTicket.ticket_id,
        TrackedTicket.sealed_subject,
        TrackedTicket.status,
        TrackedTicket.state,
        TrackedTicket.provisional,
        TrackedTicket.score,
    )


def _case_rows() -> Select[Any]:
    return (
        select(
            *_ticket_columns(),
            RecoveryCase.id.label("case_id"),
            RecoveryCase.cause,
            RecoveryCase.stage,
            RecoveryCase.opened_at.label("since"),
            ProtocolRow.name.label("protocol"),
        )
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
    )


def _items(session: Session, rows: Sequence[Any]) -> Sequence[QueueItem]:
    vault = vault_of(session)
    unsolved = [row.tracked_id for row in rows if row.status not in OVER]
    waiting = waiting_since(session, unsolved) if unsolved else {}
    return [
        QueueItem(
            case_id=getattr(row, "case_id", None),
            ticket_id=row.ticket_id,
            subject=vault.open(row.sealed_subject) if row.sealed_subject else "",
            state=row.state,
            provisional=row.provisional,
            score=row.score,
            cause=row.cause,
            protocol=getattr(row, "protocol", None),
            stage=getattr(row, "stage", None),
            since=row.since,
            waiting_since=waiting.get(row.tracked_id),
        )
        for row in rows
    ]


def open_stages() -> frozenset[CaseStage]:
    """Every stage that is not final."""
    return frozenset(CaseStage) - CLOSED_STAGES
