"""Counts over whole tables and all desks, for replay's report and its safety. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.models import Answer, Delivery, Desk, Invitation, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import SatState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How everything stands."""

    states: Mapping[SatState, int]  #: tickets; every state is named
    cases: int
    steps: Mapping[StepState, int]  #: only those that occur
    surveys_sent: int
    surveys_answered: int


def tally(session: Session) -> Tally:
    states = {
        state: number
        for state, number in session.execute(
            select(TrackedTicket.state, func.count())
            .where(TrackedTicket.state.is_not(None))
            .group_by(TrackedTicket.state)
        )
    }
    fates = {
        state: number for state, number in session.execute(select(StepRow.state, func.count()).group_by(StepRow.state))
    }
    sent = select(func.count()).select_from(Invitation).where(Invitation.sent_at.is_not(None))
    return Tally(
        states={state: states.get(state, 0) for state in SatState},
        cases=_count(session, RecoveryCase),
        steps={state: fates[state] for state in StepState if state in fates},
        surveys_sent=session.scalar(sent) or 0,
        surveys_answered=_count(session, Answer),
    )


def deliveries(session: Session) -> int:
    """Webhook requests stored, of every kind."""
    return _count(session, Delivery)


def foreign_desks(session: Session) -> Sequence[str]:
    """The names of desks that are no sandboxes on this machine."""
    return session.scalars(select(Desk.name).where(Desk.base_url.is_(None)).order_by(Desk.name)).all()


def _count(session: Session, table: type[object]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
