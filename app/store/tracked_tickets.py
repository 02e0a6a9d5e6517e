"""Tracked tickets as work: due, claimed under a lease with a fence, settled or postponed. What was read and scored is
recorded by the caller on the row it holds; nothing here knows what a score is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, case, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.desks import NotFound
from app.store.models import Delivery, DeliveryState, Desk, DeskState, RecoveryCase, TrackedTicket
from app.words import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A tracked ticket that is now this dispatcher's to hand out."""

    desk_id: int
    tracked_id: int
    fence: int
    look: bool  #: something happened or is owed at the helpdesk; False when only time has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How claiming goes about it; all times are mechanism time."""

    lease: timedelta
    limit: int  #: rows in all
    per_desk: int  #: rows of one desk, so that a desk with a long backlog holds nobody up
    max_attempts: int
    apart: frozenset[int] = frozenset()  #: desks of which only tickets with an open case are read one by one now


def claim_due(session: Session, now: datetime, business_now: datetime, rule: Rule) -> Sequence[Claim]:
    """Take due tickets, fairly across desks. A hint may wait in a queue, or be lost with it, which is not the ticket's
    fault: attempts count when the work begins."""
    ids = _due_ids(session, now, business_now, rule)
    if not ids:
        return []
    # Somebody may have claimed, and even settled, a ticket since the ids were read.
    claimable = (
        select(TrackedTicket.id)
        .where(TrackedTicket.id.in_(ids), _due(now, business_now), free(now))
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(TrackedTicket)
        .where(TrackedTicket.id.in_(claimable.scalar_subquery()))
        .values(
            lease_until=now + rule.lease,
            fence=TrackedTicket.fence + 1,
        )
        .returning(TrackedTicket.desk_id, TrackedTicket.id, TrackedTicket.fence, TrackedTicket.due_at)
        .execution_options(synchronize_session=False)
    )
    return [
        Claim(desk_id=desk_id, tracked_id=tracked_id, fence=fence, look=due_at is not None and due_at <= now)
        for desk_id, tracked_id, fence, due_at in rows
    ]


def free(now: datetime) -> Any:
    """Nobody works on it, and it was not given up."""
    return and_(
        TrackedTicket.dead_at.is_(None),
        or_(TrackedTicket.lease_until.is_(None), TrackedTicket.lease_until < now),
    )


def _due(now: datetime, business_now: datetime) -> Any:
    return or_(TrackedTicket.due_at <= now, TrackedTicket.rescore_at <= business_now)


def served(now: datetime) -> Any:
    """Its desk is neither paused nor asked us to wait."""
    return and_(
        Desk.id == TrackedTicket.desk_id,
        Desk.state == DeskState.ACTIVE,
        or_(Desk.blocked_until.is_(None), Desk.blocked_until <= now),
    )


def open_case() -> Any:
    """It has a recovery case that is not over."""
    return select(RecoveryCase.id).where(RecoveryCase.open_key == TrackedTicket.id).exists()


def urgency() -> Any:
    """Whose customers are being won back comes first, then those in a poor state."""
    return case((open_case(), 0), (TrackedTicket.level == Level.POOR, 1), else_=2)


def _singly(now: datetime, rule: Rule) -> Any:
    if not rule.apart:
        return true()
    # Where only time has passed nothing is read, so that goes on everywhere.
    no_look = or_(TrackedTicket.due_at.is_(None), TrackedTicket.due_at > now)
    return or_(TrackedTicket.desk_id.not_in(rule.apart), no_look, open_case())


def _due_ids(session: Session, now: datetime, business_now: datetime, rule: Rule) -> Sequence[int]:
    # What somebody wrote comes before what only grew older; the two databases differ in where NULL sorts.
    oldest_first = (urgency(), TrackedTicket.due_at.asc().nulls_last(), TrackedTicket.id)
    turn = func.row_number().over(partition_by=TrackedTicket.desk_id, order_by=oldest_first)
    waiting = (
        select(TrackedTicket.id, turn.label("turn"), TrackedTicket.due_at)
        .join(Desk, served(now))
        .where(_due(now, business_now), free(now), TrackedTicket.attempts < rule.max_attempts, _singly(now, rule))
        .subquery()
    )
    fair = (
        select(waiting.c.id)
        .where(waiting.c.turn <= rule.per_desk)
        .order_by(waiting.c.turn, waiting.c.due_at.asc().nulls_last(), waiting.c.id)
    )
    return session.scalars(fair.limit(rule.limit)).all()


def any_due(session: Session, now: datetime, business_now: datetime) -> bool:
    """Whether a turn of claiming is worth a write transaction: something can be claimed, or is to be given up."""
    found = select(TrackedTicket.id).join(Desk, served(now)).where(_due(now, business_now), free(now))
    return session.scalar(found.limit(1)) is not None


def bury_exhausted(session: Session, now: datetime, max_attempts: int) -> Sequence[tuple[int, int]]:
    """Give up on tickets that were tried too often; their deliveries are dead letters now. (desk, tracked) ids."""
    rows = session.execute(
        update(TrackedTicket)
        .where(
            free(now),
            TrackedTicket.attempts >= max_attempts,
            or_(TrackedTicket.due_at.is_not(None), TrackedTicket.rescore_at.is_not(None)),
        )
        .values(
            dead_at=now,
            due_at=None,
            rescore_at=None,
            lease_until=None,
            last_error=func.coalesce(TrackedTicket.last_error, "the worker died while handling it"),
        )
        .returning(TrackedTicket.desk_id, TrackedTicket.id, TrackedTicket.ticket_id)
        .execution_options(synchronize_session=False)
    ).all()
    for desk_id, _, ticket_id in rows:
        session.execute(
            update(Delivery)
            .where(
                Delivery.desk_id == desk_id, Delivery.ticket_id == ticket_id, Delivery.state == DeliveryState.RECEIVED
            )
            .values(state=DeliveryState.DEAD, settled_at=now, reason="its ticket could not be handled")
        )
    return [(desk_id, tracked_id) for desk_id, tracked_id, _ in rows]


def leased(session: Session, now: datetime) -> int:
    """Tickets being worked on, or waiting in a queue for it."""
    return session.scalar(select(func.count()).select_from(TrackedTicket).where(TrackedTicket.lease_until >= now)) or 0


def pending(session: Session, now: datetime, business_now: datetime) -> int:
    """Tickets with work that is due or held, for replay and tests to wait on."""
    busy = or_(TrackedTicket.lease_until >= now, _due(now + timedelta(days=1), business_now))
    statement = select(func.count()).select_from(TrackedTicket).where(TrackedTicket.dead_at.is_(None), busy)
    return session.scalar(statement) or 0


def get(session: Session, tracked_id: int) -> TrackedTicket:
    """Raises NotFound."""
    row = session.get(TrackedTicket, tracked_id)
    if row is None:
        raise NotFound(f"tracked ticket {tracked_id}")
    return row


def lock(session: Session, tracked_id: int) -> None:
    """Have nobody else record on the ticket until the transaction ends: the first lock of all that a transaction takes
    on what is a ticket's, as every worker does."""
    session.execute(select(TrackedTicket.id).where(TrackedTicket.id == tracked_id).with_for_update())


def lock_all(session: Session, tracked_ids: Collection[int]) -> None:
    """The same for several, in one order for everybody: of two who want some of the same, one waits for the other.

    What the session has read before may have changed while it waited, so it is read anew.
    """
    wanted = select(TrackedTicket.id).where(TrackedTicket.id.in_(tracked_ids)).order_by(TrackedTicket.id)
    session.execute(wanted.with_for_update())
    session.expire_all()


def find_by_ticket(session: Session, ticket_id: str) -> TrackedTicket | None:
    return session.scalar(select(TrackedTicket).where(TrackedTicket.ticket_id == ticket_id))


def notice(session: Session, desk_id: int, ticket_id: str, now: datetime) -> bool:
    """Have a ticket that nobody has told us of read at once, ratings too; False where it is under watch already.

    `now` is mechanism time. Whether the helpdesk has such a ticket shows when it is read.
    """
    new = TrackedTicket(
        desk_id=desk_id, ticket_id=ticket_id, dirty=1, first_dirty_at=now, due_at=now, rating_dirty=1, tags=[]
    )
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        return False
    return True


def held(session: Session, tracked_id: int, fence: int, now: datetime) -> TrackedTicket | None:
    """The ticket, locked, if this fence still holds it; None for a hint that came late or twice."""
    return session.scalar(
        select(TrackedTicket)
        .where(TrackedTicket.id == tracked_id, TrackedTicket.fence == fence, TrackedTicket.lease_until >= now)
        .with_for_update()
    )


def begin(session: Session, tracked_id: int, fence: int, now: datetime, lease: timedelta) -> TrackedTicket | None:
    """Start the work of a hint; None for a hint that came late or twice.

    The lease begins anew and an attempt is counted before anything can go wrong, so that a ticket whose handling kills
    the process comes to an end.
    """
    begun = session.execute(
        update(TrackedTicket)
        .where(
            TrackedTicket.id == tracked_id,
            TrackedTicket.fence == fence,
            TrackedTicket.lease_until >= now,
            TrackedTicket.begun_fence < fence,
        )
        # What an earlier attempt died of is not what this one may die of.
        .values(attempts=TrackedTicket.attempts + 1, lease_until=now + lease, begun_fence=fence, last_error=None)
        .returning(TrackedTicket.id)
        .execution_options(synchronize_session=False)
    )
    return session.get(TrackedTicket, tracked_id) if begun.first() is not None else None


def settle(session: Session, tracked: TrackedTicket, *, seen: int, due_at: datetime | None) -> bool:
    """End the claim: everything up to event count `seen` is done. What arrived meanwhile keeps its own due time.

    False when the fence has moved on, in which case nothing was changed.
    """
    more = TrackedTicket.dirty > seen
    values = {
        "done": seen,
        "due_at": case((more, TrackedTicket.due_at), else_=due_at),
        "first_dirty_at": case((more, TrackedTicket.first_dirty_at), else_=None),
        "lease_until": None,
        "attempts": 0,
        "last_error": None,
    }
    return _under_fence(session, tracked.id, tracked.fence, values)


def postpone(session: Session, tracked_id: int, fence: int, *, until: datetime, error: str, counts: bool) -> bool:
    """End the claim without success; try again at `until`. `counts` is False where the ticket is not to blame."""
    # A hint that never began to work has counted nothing that could be taken back.
    counted = and_(TrackedTicket.begun_fence == fence, TrackedTicket.attempts > 0)
    fewer = case((counted, TrackedTicket.attempts - 1), else_=TrackedTicket.attempts)
    values: dict[str, Any] = {"due_at": until, "lease_until": None, "last_error": error[:500]}
    if not counts:
        values["attempts"] = fewer
    return _under_fence(session, tracked_id, fence, values)


def bury(session: Session, tracked_id: int, fence: int, *, now: datetime, error: str) -> bool:
    """End the claim for good: the reason stays readable, a new event revives the ticket."""
    values = {"dead_at": now, "due_at": None, "rescore_at": None, "lease_until": None, "last_error": error[:500]}
    return _under_fence(session, tracked_id, fence, values)


def wake(session: Session, tracked_id: int, now: datetime) -> None:
    """Have the ticket looked at as soon as may be, also when it was given up."""
    session.execute(
        update(TrackedTicket)
        .where(TrackedTicket.id == tracked_id)
        .values(
            due_at=case((TrackedTicket.due_at < now, TrackedTicket.due_at), else_=now),
            dirty=TrackedTicket.dirty + 1,
            attempts=case((TrackedTicket.dead_at.is_not(None), 0), else_=TrackedTicket.attempts),
            dead_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def score_again(session: Session, desk_id: int, now: datetime) -> None:
    """Have every ticket of a desk that waits for time to pass scored at `now` (business time): its hours changed."""
    session.execute(
        update(TrackedTicket)
        .where(TrackedTicket.desk_id == desk_id, TrackedTicket.rescore_at > now)
        .values(rescore_at=now)
        .execution_options(synchronize_session=False)
    )


def score_unsolved(session: Session, desk_id: int, now: datetime) -> None:
    """Have every ticket of a desk that is not solved scored at `now` (business time): a clock may have turned for it
    that nobody watched before."""
    unsolved = (TrackedTicket.solved_at.is_(None), TrackedTicket.gone_at.is_(None), TrackedTicket.dead_at.is_(None))
    session.execute(
        update(TrackedTicket)
        .where(TrackedTicket.desk_id == desk_id, TrackedTicket.state.is_not(None), *unsolved)
        .values(rescore_at=now)
        .execution_options(synchronize_session=False)
    )


def _under_fence(session: Session, tracked_id: int, fence: int, values: dict[str, Any]) -> bool:
    session.flush()
    result = session.execute(
        update(TrackedTicket)
        .where(TrackedTicket.id == tracked_id, TrackedTicket.fence == fence)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def any_scored(session: Session) -> bool:
    """Whether any ticket has a state, and with it a tag of ours at the helpdesk."""
    return session.scalar(select(TrackedTicket.id).where(TrackedTicket.state.is_not(None)).limit(1)) is not None
