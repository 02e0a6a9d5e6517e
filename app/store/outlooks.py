"""Outlooks: open tickets that are still good and about to turn, with how long there is to act. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import RecoveryCase, TrackedTicket
from app.store.queue import waiting_since
from app.words import Cause, SatState
from connectors.ticket import TicketStatus

PAGE = 50
#: Spelled out, so that an index can be asked for them.
UNSOLVED = tuple(
    status.value
    for status in TicketStatus
    if status not in (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.DELETED, TicketStatus.SPAM)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One ticket that is about to turn. Moments are business time."""

    ticket_id: str
    subject: str
    state: SatState
    provisional: bool
    score: int
    cause: Cause | None
    churn_risk: float | None
    worsening_since: datetime | None  #: None while it is not getting worse
    turns_at: datetime | None  #: when it turns poor if nobody answers; None: waiting alone does not do it
    waiting_since: datetime | None  #: the first customer message that nobody has answered
    assignee_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    items: Sequence[Warned]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def about_to_turn(session: Session, *, group_id: str | None = None, page: int = 1) -> Page:
    """Unsolved tickets without an open case that are good and getting worse, or turn poor by waiting alone: those with
    the least time left first, then the lowest scores. `page` counts from 1; one beyond the last is the last."""
    conditions = _conditions(group_id)
    total = session.scalar(select(func.count(TrackedTicket.id)).where(*conditions)) or 0
    number = min(max(page, 1), max(1, -(-total // PAGE)))
    rows = session.execute(
        select(*_COLUMNS)
        .where(*conditions)
        # The two databases differ in where NULL sorts.
        .order_by(case((TrackedTicket.turns_poor_at.is_(None), 1), else_=0), TrackedTicket.turns_poor_at)
        .order_by(TrackedTicket.score, TrackedTicket.id)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    ).all()
    return Page(items=_warned(session, rows), total=total, page=number)


_COLUMNS: tuple[Any, ...] = (
    TrackedTicket.id,
    TrackedTicket.ticket_id,
    TrackedTicket.sealed_subject,
    TrackedTicket.state,
    TrackedTicket.state_since,
    TrackedTicket.provisional,
    TrackedTicket.score,
    TrackedTicket.cause,
    TrackedTicket.churn_risk,
    TrackedTicket.turns_poor_at,
    TrackedTicket.assignee_id,
)


def _conditions(group_id: str | None) -> list[ColumnElement[bool]]:
    open_case = select(RecoveryCase.id).where(RecoveryCase.open_key == TrackedTicket.id).exists()
    waits_out = and_(TrackedTicket.state == SatState.GOOD_IMPROVING, TrackedTicket.turns_poor_at.is_not(None))
    found = [
        or_(TrackedTicket.state == SatState.GOOD_WORSENING, waits_out),
        TrackedTicket.status.in_(UNSOLVED),
        TrackedTicket.dead_at.is_(None),
        TrackedTicket.merged_into.is_(None),
        TrackedTicket.gone_at.is_(None),
        TrackedTicket.erased_at.is_(None),
        ~open_case,
    ]
    return [*found, TrackedTicket.group_id == group_id] if group_id is not None else found


def _warned(session: Session, rows: Sequence[Any]) -> Sequence[Warned]:
    vault = vault_of(session)
    waiting = waiting_since(session, [row.id for row in rows]) if rows else {}
    return [
        Warned(
            ticket_id=row.ticket_id,
            subject=vault.open(row.sealed_subject) if row.sealed_subject else "",
            state=row.state,
            provisional=row.provisional,
            score=row.score,
            cause=row.cause,
            churn_risk=row.churn_risk,
            worsening_since=row.state_since if row.state is SatState.GOOD_WORSENING else None,
            turns_at=row.turns_poor_at,
            waiting_since=waiting.get(row.id),
            assignee_id=row.assignee_id,
        )
        for row in rows
    ]
