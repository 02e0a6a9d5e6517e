"""Deliveries: webhook requests as received, and what became of them. No parsing here; see connectors.<kind>.

`receive` is the hot path of the whole product: one short transaction that stores the delivery and marks its ticket for
reading. It is safe to repeat, since an event is stored once.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, cast

import psycopg
from sqlalchemy import func, select, update
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.store import tracked_tickets
from app.store.database import Database, DatabaseUnavailable, vault_of
from app.store.desks import NotFound
from app.store.models import Delivery, DeliveryState, TrackedTicket
from connectors.ticket import DeskEvent

#: A rating changes what has to be done at once, so nobody waits for more of them.
RATING_DEBOUNCE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One verified webhook request, ready to be stored."""

    desk_id: int
    event: DeskEvent
    sealed_body: bytes | None
    echo: bool = False  #: the event was caused by our own integration user
    refused: str | None = None  #: why its body could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a ticket's events are gathered before it is read: until `debounce` after the last, at most `max_wait`
    after the first."""

    debounce: timedelta
    max_wait: timedelta


def receive(database: Database, incoming: Incoming, now: datetime, pace: Pace) -> bool:
    """Store the delivery and make its ticket dirty, in one transaction. False when the event was stored before.

    `now` is mechanism time. Raises DatabaseUnavailable when nothing was stored, NotFound for a desk that is gone.
    """
    values = _values(incoming, now, pace)
    try:
        if database.is_sqlite:
            return _receive_on_sqlite(database, values)
        return _receive_on_postgres(database, values)
    except (psycopg.OperationalError, sqlite3.OperationalError, PoolTimeout) as error:
        raise DatabaseUnavailable(type(error).__name__) from error
    except (psycopg.IntegrityError, sqlite3.IntegrityError) as error:
        raise NotFound(f"desk {incoming.desk_id}") from error


def _state_of(incoming: Incoming) -> DeliveryState:
    if incoming.refused is not None:
        return DeliveryState.REFUSED
    if incoming.event.ticket_id is None:
        return DeliveryState.IGNORED
    return DeliveryState.ECHO if incoming.echo else DeliveryState.RECEIVED


def _values(incoming: Incoming, now: datetime, pace: Pace) -> dict[str, Any]:
    event, state = incoming.event, _state_of(incoming)
    debounce = min(pace.debounce, RATING_DEBOUNCE) if event.type.startswith("rating.") else pace.debounce
    return {
        "desk_id": incoming.desk_id,
        "event_id": event.event_id,
        "type": event.type,
        "ticket_id": event.ticket_id,
        "actor_id": event.actor_id,
        "sealed_body": incoming.sealed_body,
        "state": state.value,
        "reason": incoming.refused[:500] if incoming.refused else None,
        "now": now,
        "settled_at": None if state is DeliveryState.RECEIVED else now,
        "soon": now + min(debounce, pace.max_wait),
        "max_wait": pace.max_wait,
    }


# Plain SQL and the driver itself: SQLAlchemy's statement machinery would cost as much again as the whole insert.

_INSERT_DELIVERY: Final = """
INSERT INTO delivery
    (desk_id, event_id, type, ticket_id, actor_id, sealed_body, state, reason, received_at, settled_at)
VALUES (:desk_id, :event_id, :type, :ticket_id, :actor_id, :sealed_body, :state, :reason, :now, :settled_at)
ON CONFLICT (desk_id, event_id) DO NOTHING"""

_INSERT_TICKET: Final = """
INSERT INTO tracked_ticket
    (desk_id, ticket_id, dirty, done, first_dirty_at, due_at,
     fence, begun_fence, attempts, tags, reopens, provisional)"""

#: The time of the first event that nobody has looked at; a ticket that was given up on starts afresh.
_FIRST: Final = """CASE WHEN tracked_ticket.dirty > tracked_ticket.done AND tracked_ticket.dead_at IS NULL
        THEN coalesce(tracked_ticket.first_dirty_at, excluded.first_dirty_at) ELSE excluded.first_dirty_at END"""

_BUMP: Final = f"""
ON CONFLICT (desk_id, ticket_id) DO UPDATE SET
    dirty = tracked_ticket.dirty + 1,
    first_dirty_at = {_FIRST},
    attempts = CASE WHEN tracked_ticket.dead_at IS NULL THEN tracked_ticket.attempts ELSE 0 END,
    dead_at = NULL,"""

_BUMP_TICKET_ON_SQLITE: Final = f"""{_INSERT_TICKET}
VALUES (:desk_id, :ticket_id, 1, 0, :now, :soon, 0, 0, 0, '[]', 0, 0) {_BUMP}
    due_at = min(excluded.due_at, strftime('%Y-%m-%d %H:%M:%f000', {_FIRST}, :max_wait))"""

# One statement is one round trip, and a transaction by itself.
_ON_POSTGRES: Final = re.sub(
    r":(\w+)",
    r"%(\1)s",
    f"""
WITH stored AS ({_INSERT_DELIVERY} RETURNING ticket_id, state),
bumped AS ({_INSERT_TICKET}
    SELECT :desk_id, ticket_id, 1, 0, :now, :soon, 0, 0, 0, '[]', 0, false FROM stored WHERE state = 'received' {_BUMP}
    due_at = least(excluded.due_at, {_FIRST} + :max_wait)
)
SELECT count(*) FROM stored""",
)


def _receive_on_postgres(database: Database, values: Mapping[str, Any]) -> bool:
    try:
        return _execute_on_postgres(database, values)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        # These connections are not tried before use. After a restart of the server all of them are dead, and a second
        # try on a fresh one is safe, whatever became of the first: the event is stored once.
        database.route_engine.dispose()
        return _execute_on_postgres(database, values)


def _execute_on_postgres(database: Database, values: Mapping[str, Any]) -> bool:
    with closing(database.route_engine.raw_connection()) as pooled:
        driver = cast("psycopg.Connection[tuple[int]]", pooled.driver_connection)
        try:
            row = driver.execute(_ON_POSTGRES, values, prepare=True).fetchone()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            pooled.invalidate(error)
            raise
    return row is not None and row[0] == 1


def _receive_on_sqlite(database: Database, values: Mapping[str, Any]) -> bool:
    plain = {name: _plain(value) for name, value in values.items()}
    with database.writing(), closing(database.route_engine.raw_connection()) as pooled:
        driver = cast(sqlite3.Connection, pooled.driver_connection)
        driver.execute("BEGIN IMMEDIATE")
        # The driver's context manager ends the transaction: commit, or rollback when something is raised.
        with driver:
            stored = driver.execute(_INSERT_DELIVERY, plain).rowcount == 1
            if stored and values["state"] == DeliveryState.RECEIVED:
                driver.execute(_BUMP_TICKET_ON_SQLITE, plain)
    return stored


def _plain(value: Any) -> Any:
    """SQLite's own forms: times as SQLAlchemy stores them, a duration as a modifier of its date functions."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():+.3f} seconds"
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A delivery that its ticket's next reading will settle."""

    id: int
    type: str
    actor_id: str | None
    received_at: datetime


def pending(session: Session, ticket_id: str) -> Sequence[Waiting]:
    """What has been received for the ticket and not been looked at, oldest first."""
    rows = session.execute(
        select(Delivery.id, Delivery.type, Delivery.actor_id, Delivery.received_at)
        .where(Delivery.ticket_id == ticket_id, Delivery.state == DeliveryState.RECEIVED)
        .order_by(Delivery.id)
    )
    return [Waiting(id=row.id, type=row.type, actor_id=row.actor_id, received_at=row.received_at) for row in rows]


def settle(
    session: Session, waiting: Iterable[Waiting], state: DeliveryState, now: datetime, reason: str | None = None
) -> None:
    """Give these deliveries, where they wait still, their final state.

    Named one by one: on PostgreSQL a delivery may appear after one with a higher id, and nobody has looked at it then.
    """
    ids = [one.id for one in waiting]
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == DeliveryState.RECEIVED)
        .values(state=state, settled_at=now, reason=reason[:500] if reason else None)
        .execution_options(synchronize_session=False)
    )


def dead(session: Session, ticket_id: str, now: datetime, reason: str) -> None:
    """All that waits for the ticket is a dead letter now; the reason is shown to an admin, who can replay it."""
    session.execute(
        update(Delivery)
        .where(Delivery.ticket_id == ticket_id, Delivery.state == DeliveryState.RECEIVED)
        .values(state=DeliveryState.DEAD, settled_at=now, reason=reason[:500])
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deliveries a page shows; None means any."""

    state: DeliveryState | None = None
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of deliveries, newest first."""

    deliveries: Sequence[Delivery]
    older_than: int | None  #: pass it to `recent` for the next page; None on the last one


def recent(session: Session, wanted: Filter, *, older_than: int | None = None, limit: int = 50) -> Page:
    """Deliveries, newest first, by keyset: a page stays the same while new ones arrive."""
    statement = select(Delivery).order_by(Delivery.id.desc()).limit(limit + 1)
    if wanted.state is not None:
        statement = statement.where(Delivery.state == wanted.state)
    if wanted.ticket_id is not None:
        statement = statement.where(Delivery.ticket_id == wanted.ticket_id)
    if older_than is not None:
        statement = statement.where(Delivery.id < older_than)
    found = session.scalars(statement).all()
    return Page(deliveries=found[:limit], older_than=found[limit - 1].id if len(found) > limit else None)


def find(session: Session, delivery_id: int) -> Delivery | None:
    return session.scalar(select(Delivery).where(Delivery.id == delivery_id))


def body(session: Session, delivery: Delivery) -> str | None:
    """The opened body, which may hold a customer's words; None once they were erased."""
    return None if delivery.sealed_body is None else vault_of(session).open(delivery.sealed_body)


class ReplayOutcome(StrEnum):
    """What a replay does with one delivery. The words are shown to people."""

    QUEUED = "its ticket is read again"
    WAITING = "it is still waiting, so there is nothing to replay"
    NO_TICKET = "it names no ticket, so there is nothing to read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    delivery_id: int
    ticket_id: str | None
    outcome: ReplayOutcome


def replay(session: Session, ids: Iterable[int], now: datetime, *, dry_run: bool) -> Sequence[Replayed]:
    """Look at the tickets of these deliveries once more, also where they were given up.

    Only reads the tickets as they are now, so repeating it is harmless. With `dry_run` nothing changes, and the answer
    is what would happen. Ids that do not exist are left out of the answer.
    """
    deliveries = session.scalars(select(Delivery).where(Delivery.id.in_(list(ids))).order_by(Delivery.id)).all()
    answer = [Replayed(delivery_id=d.id, ticket_id=d.ticket_id, outcome=_replay_outcome(d)) for d in deliveries]
    if dry_run:
        return answer
    again = [d for d, said in zip(deliveries, answer, strict=True) if said.outcome is ReplayOutcome.QUEUED]
    for delivery in again:
        delivery.state, delivery.settled_at, delivery.reason = DeliveryState.RECEIVED, None, None
    for desk_id, ticket_id in sorted({(d.desk_id, d.ticket_id) for d in again if d.ticket_id is not None}):
        _wake(session, desk_id, ticket_id, now)
    return answer


def _replay_outcome(delivery: Delivery) -> ReplayOutcome:
    if delivery.ticket_id is None:
        return ReplayOutcome.NO_TICKET
    return ReplayOutcome.WAITING if delivery.state is DeliveryState.RECEIVED else ReplayOutcome.QUEUED


def _wake(session: Session, desk_id: int, ticket_id: str, now: datetime) -> None:
    tracked = session.scalar(
        select(TrackedTicket).where(TrackedTicket.desk_id == desk_id, TrackedTicket.ticket_id == ticket_id)
    )
    if tracked is None:  # an echo was all we ever heard of it
        tracked = TrackedTicket(desk_id=desk_id, ticket_id=ticket_id)
        session.add(tracked)
        session.flush()
    tracked_tickets.wake(session, tracked.id, now)


def counts(session: Session) -> Mapping[DeliveryState, int]:
    """How many deliveries are in each state; every state is named."""
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    found = {state: number for state, number in rows}
    return {state: found.get(state, 0) for state in DeliveryState}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How the work stands."""

    oldest_due_at: datetime | None  #: mechanism time; the longest overdue ticket, None when nothing waits
    dead_tickets: int


def backlog(session: Session) -> Backlog:
    """The longest overdue ticket, and how many were given up."""
    oldest = session.scalar(select(func.min(TrackedTicket.due_at)).where(TrackedTicket.dead_at.is_(None)))
    given_up = select(func.count()).select_from(TrackedTicket).where(TrackedTicket.dead_at.is_not(None))
    return Backlog(oldest_due_at=oldest, dead_tickets=session.scalar(given_up) or 0)


def last_received_at(session: Session) -> datetime | None:
    """When the desk's helpdesk last reached us; mechanism time."""
    return session.scalar(select(func.max(Delivery.received_at)))
