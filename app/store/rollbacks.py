"""Rollbacks: which versions were taken out of force, and what became of their changes ticket by ticket.

What a change is, and how it is taken back, is `app.protocols.changes`' business.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from app.protocols.changes import TakeBack
from app.store.desks import NotFound
from app.store.models import (
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    RollbackRow,
    RollbackTicket,
    StepRow,
    StepState,
    TrackedTicket,
)

TAKE_BACK = "take_back"  #: what a step is called that takes the changes of others back
ALONE = "alone"  #: among its parameters: it takes back its own case's changes, and is part of no rollback
_FIELDS = "custom_fields"
#: A step in one of these has, or may have, changed its ticket.
_MADE = (StepState.DONE, StepState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTicket:
    """What a rollback comes to on one ticket."""

    step_id: int
    ticket_id: str
    state: StepState
    reason: str | None  #: why it ended as it did, or what holds it up
    given_up: bool  #: nothing will be done about it by itself
    reverted: Sequence[Mapping[str, Any]]  #: field, key, ours, back_to
    kept: Sequence[Mapping[str, Any]]  #: field, key, ours, found, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a step that takes back has set back, and what stays; see `app.protocols.changes`."""

    reverted: Sequence[Mapping[str, Any]]
    kept: Sequence[Mapping[str, Any]]


def add(session: Session, row: RollbackRow) -> RollbackRow:
    """Remember that a rollback began."""
    session.add(row)
    session.flush()
    return row


def get(session: Session, rollback_id: int) -> RollbackRow:
    """Raises NotFound."""
    row = session.get(RollbackRow, rollback_id)
    if row is None:
        raise NotFound(f"rollback {rollback_id}")
    return row


def of_desk(session: Session, protocol_id: int | None = None) -> Sequence[tuple[RollbackRow, str]]:
    """The rollbacks of one protocol or of all, with the protocol's name; newest first."""
    found = select(RollbackRow, ProtocolRow.name).join(ProtocolRow, ProtocolRow.id == RollbackRow.protocol_id)
    if protocol_id is not None:
        found = found.where(RollbackRow.protocol_id == protocol_id)
    return [(row, name) for row, name in session.execute(found.order_by(RollbackRow.id.desc()))]


def lock_touched(session: Session, version_ids: Collection[int]) -> Sequence[int]:
    """Tickets with a case or a step of these versions, locked so that their workers record before or after us."""
    stepped = select(StepRow.tracked_id).where(StepRow.version_id.in_(version_ids))
    opened = select(RecoveryCase.tracked_id).where(RecoveryCase.version_id.in_(version_ids))
    touched = select(TrackedTicket.id).where(TrackedTicket.id.in_(stepped.union(opened)))
    return session.scalars(touched.order_by(TrackedTicket.id).with_for_update()).all()


def cases_of(session: Session, version_ids: Collection[int]) -> Sequence[RecoveryCase]:
    """The cases of these versions that were not taken back before, oldest first."""
    still = (RecoveryCase.version_id.in_(version_ids), RecoveryCase.taken_back_at.is_(None))
    return session.scalars(select(RecoveryCase).where(*still).order_by(RecoveryCase.id)).all()


def to_take_back(session: Session, version_ids: Collection[int]) -> Mapping[int, StepRow]:
    """By ticket, the newest step of these versions that has changed it, or may do so yet; what was taken back before
    counts no more."""
    standing = _standing(session, version_ids, StepRow.state.in_((*_MADE, StepState.SENDING)))
    return {row.tracked_id: row for row in standing if row.change or row.receipt}


def _standing(session: Session, version_ids: Collection[int], *where: ColumnElement[bool]) -> Sequence[StepRow]:
    """The steps of these versions that no rollback of their own has taken back, oldest first on each ticket."""
    of_protocol = select(ProtocolVersion.protocol_id).where(ProtocolVersion.id.in_(version_ids))
    alone = and_(RollbackRow.id.is_(None), StepRow.version_id.in_(version_ids))
    took_back = and_(StepRow.do == TAKE_BACK, or_(RollbackRow.protocol_id.in_(of_protocol), alone))
    rows = session.execute(
        select(StepRow, RollbackRow.withdrawn)
        .outerjoin(RollbackTicket, RollbackTicket.step_id == StepRow.id)
        .outerjoin(RollbackRow, RollbackRow.id == RollbackTicket.rollback_id)
        .where(*where, or_(and_(StepRow.do != TAKE_BACK, StepRow.version_id.in_(version_ids)), took_back))
        .order_by(StepRow.id)
    )
    standing: dict[int, list[StepRow]] = {}
    for row, withdrawn in rows:
        of_ticket = standing.setdefault(row.tracked_id, [])
        if row.do == TAKE_BACK and withdrawn is None:
            of_ticket[:] = [one for one in of_ticket if one.case_id != row.case_id]
        elif row.do == TAKE_BACK:
            # It may have been of other versions, beside which these stood on.
            of_ticket[:] = [one for one in of_ticket if one.version_id not in withdrawn]
        else:
            of_ticket.append(row)
    return [row for of_ticket in standing.values() for row in of_ticket]


def plan(session: Session, rollback: RollbackRow, newest: StepRow, now: datetime) -> StepRow:
    """Have the changes on one ticket taken back, of which `newest` is the last; `now` is business time.

    The step belongs to that one's case, but stays with the ticket that was changed, wherever the case went.
    """
    step = StepRow(
        desk_id=newest.desk_id,
        case_id=newest.case_id,
        tracked_id=newest.tracked_id,
        version_id=newest.version_id,
        action=f"{TAKE_BACK}-{rollback.id}-{newest.tracked_id}",
        do=TAKE_BACK,
        round=newest.round,
        params={"rollback": rollback.id},
        marker=f"kintsugi-{secrets.token_hex(12)}",
        planned_at=now,
    )
    session.add(step)
    session.flush()
    session.add(
        RollbackTicket(
            desk_id=newest.desk_id,
            rollback_id=rollback.id,
            tracked_id=newest.tracked_id,
            step_id=step.id,
            reverted=[],
            kept=[],
        )
    )
    session.flush()
    return step


def steps_behind(session: Session, step: StepRow) -> Sequence[StepRow]:
    """The steps whose changes this one takes back, oldest first."""
    if step.params.get(ALONE):
        own = (StepRow.case_id == step.case_id, StepRow.tracked_id == step.tracked_id, StepRow.do != TAKE_BACK)
        made = select(StepRow).where(*own, StepRow.state.in_(_MADE)).order_by(StepRow.id)
        return session.scalars(made).all()
    withdrawn = get(session, step.params["rollback"]).withdrawn
    made_there = (StepRow.tracked_id == step.tracked_id, StepRow.state.in_(_MADE), StepRow.id != step.id)
    return _standing(session, withdrawn, *made_there)


def note(session: Session, step: StepRow, outcome: TakeBack) -> None:
    """Remember what taking back comes to on the step's ticket.

    What an interrupted call may have set back, and is found set back now, was set back by us.
    """
    kept = [asdict(one) for one in outcome.kept]
    reverted: list[Mapping[str, Any]] = [asdict(one) for one in outcome.reverted]
    ours = {(one["field"], one["key"]): one for one in noted(session, step).reverted}
    for one in list(kept):
        before = ours.get((one["field"], one["key"]))
        if before is not None and one["found"] == before["back_to"]:
            kept.remove(one)
            reverted.append(before)
    if step.params.get(ALONE):
        step.params = {**step.params, "reverted": reverted, "kept": kept}
        return
    row = session.scalars(select(RollbackTicket).where(RollbackTicket.step_id == step.id)).one()
    row.reverted, row.kept = reverted, kept


def noted(session: Session, step: StepRow) -> Noted:
    """What taking back has come to on the step's ticket so far."""
    if step.params.get(ALONE):
        return Noted(reverted=step.params.get("reverted", ()), kept=step.params.get("kept", ()))
    row = session.scalars(select(RollbackTicket).where(RollbackTicket.step_id == step.id)).one()
    return Noted(reverted=row.reverted, kept=row.kept)


def tickets(session: Session, rollback_id: int) -> Sequence[OnTicket]:
    """What became of every ticket with something to take back, in the order of their steps."""
    rows = session.execute(
        select(RollbackTicket, StepRow.state, StepRow.reason, TrackedTicket)
        .join(StepRow, StepRow.id == RollbackTicket.step_id)
        .join(TrackedTicket, TrackedTicket.id == RollbackTicket.tracked_id)
        .where(RollbackTicket.rollback_id == rollback_id)
        .order_by(RollbackTicket.id)
    )
    return [
        OnTicket(
            step_id=row.step_id,
            ticket_id=ticket.ticket_id,
            state=state,
            reason=reason or ticket.last_error,
            given_up=ticket.dead_at is not None and state in (StepState.PLANNED, StepState.SENDING),
            reverted=row.reverted,
            kept=row.kept,
        )
        for row, state, reason, ticket in rows
    ]


def forget_values(session: Session, tracked_id: int) -> None:
    """Drop what stood in a ticket's own fields: words of people may be among it. Nothing can set them back then."""
    for step in session.scalars(select(StepRow).where(StepRow.tracked_id == tracked_id)):
        if step.change:
            step.change = {name: _without_fields(part) for name, part in step.change.items()}
        if step.params.get(ALONE):
            lists = {name: _unfielded(step.params.get(name, ())) for name in ("reverted", "kept")}
            step.params = {**step.params, **lists}
    for row in session.scalars(select(RollbackTicket).where(RollbackTicket.tracked_id == tracked_id)):
        row.reverted, row.kept = _unfielded(row.reverted), _unfielded(row.kept)


def _unfielded(items: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [one for one in items if one["field"] != _FIELDS]


def _without_fields(part: Any) -> Any:
    return {name: value for name, value in part.items() if name != _FIELDS} if isinstance(part, dict) else part


def numbers(session: Session, version_ids: Collection[int]) -> Sequence[int]:
    """The numbers of versions, lowest first."""
    found: Select[Any] = select(ProtocolVersion.number).where(ProtocolVersion.id.in_(version_ids))
    return session.scalars(found.order_by(ProtocolVersion.number)).all()
