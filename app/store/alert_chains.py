"""Alerts that wait to be acknowledged, and the links that acknowledge them. A chain is the alerts of one action: one
person after another is told, until somebody takes it. Link tokens are sealed; only their hash is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.store import cases, steps, tracked_tickets
from app.store.database import vault_of
from app.store.models import AlertCall, RecoveryCase, StepRow, StepState, TrackedTicket

BY_LINK = "link"
TAKEN = "it was acknowledged meanwhile"


class Taken(Exception):
    """Somebody has acknowledged the chain, so that nobody else has to be told."""

    def __init__(self) -> None:
        super().__init__(TAKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """What the page of a link may know; nothing of the customer."""

    ticket_id: str
    acknowledged_at: datetime | None  #: when somebody of the chain said that they take it (business time)
    over: bool  #: the case is closed, so that there is nothing to take


def begin(session: Session, step: StepRow, chain_id: int, position: int, token: tuple[str, str]) -> AlertCall:
    """The call of a step that is about to be sent; `token` is a fresh one with its hash, for the first time only."""
    known = session.scalar(select(AlertCall).where(AlertCall.step_id == step.id))
    if known is not None:
        return known
    call = AlertCall(
        desk_id=step.desk_id,
        step_id=step.id,
        chain_id=chain_id,
        case_id=step.case_id,
        position=position,
        token_hash=token[1],
        sealed_token=vault_of(session).seal(token[0]),
    )
    session.add(call)
    session.flush()
    return call


def token_of(session: Session, call: AlertCall) -> str:
    """The token of the call's link."""
    return vault_of(session).open(call.sealed_token)


def find_by_step(session: Session, step_id: int) -> AlertCall | None:
    return session.scalar(select(AlertCall).where(AlertCall.step_id == step_id))


def told(session: Session, step_id: int, now: datetime, due_at: datetime | None) -> None:
    """The call of this step has left; it has until then (business time). Nothing for a step without a call."""
    call = find_by_step(session, step_id)
    if call is not None:
        call.told_at, call.due_at = now, due_at


def not_told(session: Session, step_id: int, now: datetime) -> None:
    """The call of this step will never leave, so its time is up at once."""
    call = find_by_step(session, step_id)
    if call is not None:
        call.due_at = now


def of_case(session: Session, case_id: int) -> Sequence[AlertCall]:
    """Every call of a case, in the order of the chains."""
    statement = select(AlertCall).where(AlertCall.case_id == case_id)
    return session.scalars(statement.order_by(AlertCall.chain_id, AlertCall.position)).all()


def acknowledged_at(session: Session, case_id: int) -> datetime | None:
    """When somebody last acknowledged an alert of the case (business time)."""
    return session.scalar(select(func.max(AlertCall.acknowledged_at)).where(AlertCall.case_id == case_id))


def is_taken(session: Session, chain_id: int) -> bool:
    """Whether somebody of the chain has acknowledged it."""
    taken = select(AlertCall.id).where(AlertCall.chain_id == chain_id, AlertCall.acknowledged_at.is_not(None))
    return session.scalar(taken.limit(1)) is not None


def due(session: Session, now: datetime) -> Sequence[AlertCall]:
    """Calls that nobody has acknowledged by their time (business time)."""
    late = select(AlertCall).where(AlertCall.settled_at.is_(None), AlertCall.due_at <= now)
    return session.scalars(late.order_by(AlertCall.due_at, AlertCall.id)).all()


def find(session: Session, token_hash: str) -> CallView | None:
    """What the page of this link may show."""
    row = session.execute(
        select(AlertCall, RecoveryCase, TrackedTicket.ticket_id)
        .join(RecoveryCase, RecoveryCase.id == AlertCall.case_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .where(AlertCall.token_hash == token_hash)
    ).first()
    if row is None:
        return None
    call, case, ticket_id = row
    taken = select(func.min(AlertCall.acknowledged_at)).where(AlertCall.chain_id == call.chain_id)
    return CallView(ticket_id=ticket_id, acknowledged_at=session.scalar(taken), over=case.open_key is None)


def acknowledge(session: Session, token_hash: str, *, now: datetime, woken_at: datetime) -> bool:
    """Somebody takes it, by their link; the chain ends for all. False for an unknown link.

    Pressing twice, or after somebody else, changes nothing. `now` is business time, `woken_at` mechanism time.
    """
    case_id = session.scalar(select(AlertCall.case_id).where(AlertCall.token_hash == token_hash))
    if case_id is None:
        return False
    _lock_ticket(session, case_id)
    call = session.scalars(select(AlertCall).where(AlertCall.token_hash == token_hash)).one()
    if cases.get(session, call.case_id).open_key is not None and not is_taken(session, call.chain_id):
        _take(session, call, BY_LINK, now, woken_at)
    return True


def acknowledge_case(session: Session, case_id: int, by: str, *, now: datetime, woken_at: datetime) -> int:
    """Somebody takes every chain of the case that nobody has, by its newest call; how many those were.

    Also one whose time is up: the next alert may not have left yet, and at its end it can still be taken.
    """
    _lock_ticket(session, case_id)
    newest = {call.chain_id: call for call in of_case(session, case_id)}
    taken = [call for chain_id, call in newest.items() if not is_taken(session, chain_id)]
    for call in taken:
        _take(session, call, by, now, woken_at)
    return len(taken)


def _lock_ticket(session: Session, case_id: int) -> None:
    """Of two who take it one comes first, and neither is in the way of a worker, who locks the ticket first too."""
    tracked_id = session.scalar(select(RecoveryCase.tracked_id).where(RecoveryCase.id == case_id))
    if tracked_id is not None:
        tracked_tickets.lock(session, tracked_id)


def _take(session: Session, call: AlertCall, by: str, now: datetime, woken_at: datetime) -> None:
    call.acknowledged_at, call.acknowledged_by = now, by
    session.flush()
    settle_chain(session, call.chain_id, now)
    called = {one.step_id for one in of_case(session, call.case_id) if one.chain_id == call.chain_id}
    planned = [step for step in steps.of_case(session, call.case_id) if step.state is StepState.PLANNED]
    # One that is planned only has no call yet.
    rows = [step for step in planned if step.id in called or step.params.get("chain_id") == call.chain_id]
    steps.finish(rows, StepState.SKIPPED, now, reason=TAKEN)
    tracked_tickets.wake(session, cases.get(session, call.case_id).tracked_id, woken_at)


def settle_chain(session: Session, chain_id: int, now: datetime) -> None:
    """Nobody of the chain is waited for any more."""
    session.execute(
        update(AlertCall)
        .where(AlertCall.chain_id == chain_id, AlertCall.settled_at.is_(None))
        .values(settled_at=now)
        .execution_options(synchronize_session="fetch")
    )
