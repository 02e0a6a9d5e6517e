"""What versions of protocols did: the cases they opened, with what became of their own steps, read for counting."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.protocols.decide import PastCase
from app.protocols.ledger import Life
from app.store.models import DecisionRow, ProtocolRow, ProtocolVersion, RecoveryCase, StepRow, TrackedTicket
from app.words import CaseStage, Outcome

CHUNK = 500  #: ids in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One case as it was opened, with the steps of the round that it began with."""

    case: RecoveryCase
    ticket_id: str
    steps: Sequence[StepRow]
    reason: str  #: of the decision that opened it


def lives(session: Session) -> Mapping[int, Sequence[Life]]:
    """Every case of the desk by its ticket, oldest first."""
    rows = session.execute(
        select(RecoveryCase, ProtocolRow.name)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .order_by(RecoveryCase.id)
    )
    found: dict[int, list[Life]] = {}
    for case, name in rows:
        found.setdefault(case.tracked_id, []).append(_life(case, name))
    return found


def _life(case: RecoveryCase, name: str) -> Life:
    past = PastCase(
        protocol=name,
        version_id=case.version_id,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        exited_at=case.exited_at,
    )
    answered = case.stage in (CaseStage.RECOVERED, CaseStage.LOST)
    return Life(past=past, answered=answered, taken_back_at=case.taken_back_at)


def losses(session: Session) -> Mapping[int, Sequence[datetime]]:
    """By ticket, when recoveries of the ticket or of its customer failed (business time), oldest first."""
    theirs = (TrackedTicket.id == RecoveryCase.tracked_id) | (TrackedTicket.person_id == RecoveryCase.person_id)
    rows = session.execute(
        select(TrackedTicket.id, RecoveryCase.closed_at)
        .join(RecoveryCase, theirs)
        .where(RecoveryCase.stage == CaseStage.LOST)
        .order_by(RecoveryCase.closed_at, RecoveryCase.id)
    )
    found: dict[int, list[datetime]] = {}
    for tracked_id, at in rows:
        if at is not None:
            found.setdefault(tracked_id, []).append(at)
    return found


def deeds(session: Session, version_ids: Collection[int], start: datetime, end: datetime) -> Sequence[Deed]:
    """The cases that these versions opened from `start` to before `end` (business time), oldest first."""
    rows = session.execute(
        select(RecoveryCase, TrackedTicket.ticket_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .where(RecoveryCase.version_id.in_(version_ids), RecoveryCase.opened_at >= start, RecoveryCase.opened_at < end)
        .order_by(RecoveryCase.opened_at, RecoveryCase.id)
    ).all()
    ids = [case.id for case, _ in rows]
    steps: dict[int, list[StepRow]] = {}
    reasons: dict[int, str] = {}
    for chunk in (ids[place : place + CHUNK] for place in range(0, len(ids), CHUNK)):
        planned = select(StepRow).where(StepRow.case_id.in_(chunk)).order_by(StepRow.id)
        for step in session.scalars(planned):
            of_case = steps.setdefault(step.case_id, [])
            if not of_case or of_case[0].round == step.round:
                of_case.append(step)
        opened = select(DecisionRow.case_id, DecisionRow.reason).where(DecisionRow.case_id.in_(chunk))
        reasons |= {case_id: reason for case_id, reason in session.execute(opened) if case_id is not None}
    return [
        Deed(case=case, ticket_id=ticket_id, steps=steps.get(case.id, ()), reason=reasons.get(case.id, ""))
        for case, ticket_id in rows
    ]


def deferred(session: Session, version_ids: Collection[int], start: datetime, end: datetime) -> int:
    """Tickets that had to wait for capacity with these versions."""
    statement = select(DecisionRow.tracked_id).where(
        DecisionRow.version_id.in_(version_ids), DecisionRow.outcome == Outcome.NO_CAPACITY, *_within(start, end)
    )
    return len(session.scalars(statement.distinct()).all())


def overlap(session: Session, version_ids: Collection[int], start: datetime, end: datetime) -> Mapping[str, int]:
    """By other protocols' names, the tickets on which their criteria and those of these versions held at once when one
    of them opened a case."""
    opened = select(DecisionRow.tracked_id).where(DecisionRow.outcome == Outcome.OPEN, *_within(start, end))
    rows = session.execute(
        select(DecisionRow.tracked_id, DecisionRow.at, DecisionRow.version_id, DecisionRow.outcome, ProtocolRow.name)
        .join(ProtocolVersion, ProtocolVersion.id == DecisionRow.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .where(DecisionRow.tracked_id.in_(opened), DecisionRow.shadow.is_(False), DecisionRow.at < end)
        .order_by(DecisionRow.tracked_id, DecisionRow.id)
    )
    found: dict[str, set[int]] = {}
    for tracked_id, of_ticket in groupby(rows, key=lambda row: row.tracked_id):
        # A decision is stored only when it differs from the one before, so the others' last ones still stand.
        standing: dict[str, tuple[int, Outcome]] = {}
        for at, of_look in groupby(of_ticket, key=lambda row: row.at):
            standing |= {row.name: (row.version_id, row.outcome) for row in of_look}
            for name in _held_beside(standing, version_ids) if at >= start else ():
                found.setdefault(name, set()).add(tracked_id)
            # Whoever opened a case has said so once: it says nothing of later looks.
            standing = {name: one for name, one in standing.items() if one[1] is not Outcome.OPEN}
    return {name: len(tickets) for name, tickets in found.items()}


def _held_beside(standing: Mapping[str, tuple[int, Outcome]], version_ids: Collection[int]) -> list[str]:
    """The protocols whose criteria held beside those of the versions where one of them opens a case."""
    counterparts = {Outcome.OPEN: Outcome.OTHER_PROTOCOL, Outcome.OTHER_PROTOCOL: Outcome.OPEN}
    wanted = {counterparts.get(outcome) for version_id, outcome in standing.values() if version_id in version_ids}
    return [
        name
        for name, (version_id, outcome) in standing.items()
        if version_id not in version_ids and outcome in counterparts and outcome in wanted
    ]


def _within(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return DecisionRow.at >= start, DecisionRow.at < end, DecisionRow.shadow.is_(False)
