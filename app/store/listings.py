"""Lists for programs: cases, tickets, scores and customers by keyset, newest first, so that pages stay as they were
while rows arrive. Lists for people are `queue.py`. No customer's words in any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.store.desks import NotFound
from app.store.models import (
    Person,
    ProtocolRow,
    ProtocolVersion,
    RatingRow,
    RecoveryCase,
    ScoreRow,
    StepRow,
    TrackedTicket,
)
from app.words import CLOSED_STAGES, CaseStage, SatState


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which rows: at most that many, whose ids are below `after`."""

    limit: int
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCases:
    """Which cases; None means any."""

    open: bool | None = None
    stage: CaseStage | None = None
    state: SatState | None = None
    ticket_id: str | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTickets:
    """Which tickets under watch; None means any."""

    state: SatState | None = None
    status: str | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case with what it is about."""

    case: RecoveryCase
    ticket: TrackedTicket
    protocol_id: int
    protocol: str
    version: int


def cases(session: Session, wanted: WantedCases, stretch: Stretch) -> Sequence[CaseLine]:
    """Newest first."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.open is not None:
        closed = RecoveryCase.stage.in_(CLOSED_STAGES)
        conditions.append(~closed if wanted.open else closed)
    if wanted.stage is not None:
        conditions.append(RecoveryCase.stage == wanted.stage)
    if wanted.state is not None:
        conditions.append(TrackedTicket.state == wanted.state)
    if wanted.ticket_id is not None:
        conditions.append(TrackedTicket.ticket_id == wanted.ticket_id)
    if wanted.person_id is not None:
        conditions.append(RecoveryCase.person_id == wanted.person_id)
    return _lines(session, _cut(_cases().where(*conditions), RecoveryCase.id, stretch))


def case(session: Session, case_id: int) -> CaseLine:
    """Raises NotFound."""
    found = _lines(session, _cases().where(RecoveryCase.id == case_id))
    if not found:
        raise NotFound(f"case {case_id}")
    return found[0]


def steps(session: Session, case_id: int) -> Sequence[StepRow]:
    """What a case planned, in that order."""
    return session.scalars(select(StepRow).where(StepRow.case_id == case_id).order_by(StepRow.id)).all()


def tickets(session: Session, wanted: WantedTickets, stretch: Stretch) -> Sequence[TrackedTicket]:
    """Newest first."""
    statement = select(TrackedTicket)
    for column, value in (
        (TrackedTicket.state, wanted.state),
        (TrackedTicket.status, wanted.status),
        (TrackedTicket.person_id, wanted.person_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return session.scalars(_cut(statement, TrackedTicket.id, stretch)).all()


def scores(session: Session, tracked_id: int, stretch: Stretch) -> Sequence[ScoreRow]:
    """Of one ticket, in the order in which they were given, newest first."""
    statement = select(ScoreRow).where(ScoreRow.tracked_id == tracked_id)
    return session.scalars(_cut(statement, ScoreRow.id, stretch)).all()


def people(session: Session, helpdesk_id: str | None, stretch: Stretch) -> Sequence[Person]:
    """Customers, those we have known for the shortest time first."""
    statement = select(Person)
    if helpdesk_id is not None:
        statement = statement.where(Person.helpdesk_id == helpdesk_id)
    return session.scalars(_cut(statement, Person.id, stretch)).all()


def ratings(session: Session, person_id: int, limit: int) -> Sequence[tuple[RatingRow, str]]:
    """A person's newest ratings with the ids of their tickets, newest first."""
    rows = session.execute(
        select(RatingRow, TrackedTicket.ticket_id)
        .join(TrackedTicket, TrackedTicket.id == RatingRow.tracked_id)
        .where(RatingRow.person_id == person_id)
        .order_by(RatingRow.at.desc(), RatingRow.id.desc())
        .limit(limit)
    )
    return [(rating, ticket_id) for rating, ticket_id in rows]


def _cases() -> Any:
    return (
        select(RecoveryCase, TrackedTicket, ProtocolRow.id, ProtocolRow.name, ProtocolVersion.number)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
    )


def _lines(session: Session, statement: Select[Any]) -> Sequence[CaseLine]:
    return [
        CaseLine(case=case, ticket=ticket, protocol_id=protocol_id, protocol=name, version=number)
        for case, ticket, protocol_id, name, number in session.execute(statement)
    ]


def _cut(statement: Select[Any], id_column: Any, stretch: Stretch) -> Select[Any]:
    if stretch.after is not None:
        statement = statement.where(id_column < stretch.after)
    return statement.order_by(id_column.desc()).limit(stretch.limit)
