"""Where people did something else than the protocol: their own words on it, and what they changed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import (
    Deviation,
    HumanOverride,
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    StepRow,
    TrackedTicket,
)


class DeviationKind(StrEnum):
    """What was done instead."""

    LEFT_OUT = "left_out"  # a step of the protocol
    OTHER_STEP = "other_step"  # something that the protocol does not name
    OTHER_REMEDY = "other_remedy"  # another compensation than the protocol's
    CLOSED = "closed"  # the case was closed by a person, without the customer's confirmation
    UNDONE = "undone"  # what the case changed at the helpdesk was set back by a person


class ReasonMissing(ValueError):
    """A deviation without a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One deviation or override, as a page and a report show it."""

    case_id: int
    ticket_id: str
    protocol: str
    kind: str  #: a `DeviationKind`, or "override"
    step: str | None  #: the step's key in the protocol
    field: str | None = None  #: of an override: what was changed
    ours: str | None = None
    theirs: str | None = None
    reason: str | None  #: None where it was erased, or where nobody gave one
    by: str | None  #: None where the helpdesk does not say who it was
    at: datetime  #: business time


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person says of a deviation."""

    kind: DeviationKind
    reason: str
    by: str
    step_id: int | None = None


LONGEST_REASON = 2_000  #: characters


def record(session: Session, case: RecoveryCase, given: Given, now: datetime) -> Deviation:
    """Store what was done instead and why. Raises ReasonMissing for a reason without words."""
    reason = given.reason.strip()
    if not reason:
        raise ReasonMissing("a reason is needed")
    row = Deviation(
        desk_id=case.desk_id,
        case_id=case.id,
        step_id=given.step_id,
        kind=given.kind.value,
        sealed_reason=vault_of(session).seal(reason[:LONGEST_REASON]),
        by=given.by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def of_case(session: Session, case_id: int) -> Sequence[Told]:
    """Deviations and overrides of one case, oldest first."""
    return _told(session, case_id)


def all_of(session: Session) -> Sequence[Told]:
    """Every deviation and override of the desk, oldest first."""
    return _told(session, None)


def _told(session: Session, case_id: int | None) -> Sequence[Told]:
    found = [*_deviations(session, case_id), *_overrides(session, case_id)]
    return sorted(found, key=lambda one: one.at)


def _deviations(session: Session, case_id: int | None) -> list[Told]:
    statement = (
        select(Deviation, TrackedTicket.ticket_id, ProtocolRow.name, StepRow.action)
        .join(RecoveryCase, RecoveryCase.id == Deviation.case_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .outerjoin(StepRow, StepRow.id == Deviation.step_id)
        .order_by(Deviation.id)
    )
    if case_id is not None:
        statement = statement.where(Deviation.case_id == case_id)
    vault = vault_of(session)
    return [
        Told(
            case_id=row.case_id,
            ticket_id=ticket_id,
            protocol=name,
            kind=row.kind,
            step=action,
            reason=vault.open(row.sealed_reason) if row.sealed_reason else None,
            by=row.by,
            at=row.at,
        )
        for row, ticket_id, name, action in session.execute(statement)
    ]


def _overrides(session: Session, case_id: int | None) -> list[Told]:
    statement = (
        select(HumanOverride, TrackedTicket.ticket_id, ProtocolRow.name, StepRow.action)
        .join(RecoveryCase, RecoveryCase.id == HumanOverride.case_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .join(StepRow, StepRow.id == HumanOverride.step_id)
        .order_by(HumanOverride.id)
    )
    if case_id is not None:
        statement = statement.where(HumanOverride.case_id == case_id)
    return [
        Told(
            case_id=row.case_id,
            ticket_id=ticket_id,
            protocol=name,
            kind="override",
            step=action,
            field=row.field,
            ours=row.ours,
            theirs=row.theirs,
            reason=None,
            by=None,
            at=row.at,
        )
        for row, ticket_id, name, action in session.execute(statement)
    ]


def note_override(
    session: Session, step: StepRow, field: str, change: tuple[str | None, str | None], now: datetime
) -> bool:
    """Keep that a person changed what a step had set: (ours, theirs). Once per step and field; False for again."""
    known = select(HumanOverride.id).where(HumanOverride.step_id == step.id, HumanOverride.field == field)
    if session.scalar(known) is not None:
        return False
    ours, theirs = (None if value is None else value[:200] for value in change)
    session.add(
        HumanOverride(
            desk_id=step.desk_id, case_id=step.case_id, step_id=step.id, field=field, ours=ours, theirs=theirs, at=now
        )
    )
    session.flush()
    return True
