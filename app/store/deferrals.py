"""Tickets that wait for capacity: which protocol would take them, since when, and how much there is to gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.store.models import Deferral, Desk, ProtocolRow, ProtocolVersion, RecoveryCase, TrackedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One ticket that waits, as a page shows it."""

    ticket_id: str
    score: int | None
    protocol: str
    benefit: float
    since: datetime  #: business time


def put_off(session: Session, tracked: TrackedTicket, protocol_id: int, benefit: float, now: datetime) -> Deferral:
    """Have a ticket wait; one that waits for the same protocol already keeps its place in time."""
    row = session.scalar(select(Deferral).where(Deferral.tracked_id == tracked.id))
    if row is None:
        row = Deferral(desk_id=tracked.desk_id, tracked_id=tracked.id, protocol_id=protocol_id, since=now)
        session.add(row)
    if row.protocol_id != protocol_id:
        row.protocol_id, row.since = protocol_id, now
    row.benefit = benefit
    session.flush()
    return row


def end(session: Session, tracked_id: int) -> None:
    """The ticket waits no more: its case opened, or nothing would take it now."""
    row = session.scalar(select(Deferral).where(Deferral.tracked_id == tracked_id))
    if row is not None:
        session.delete(row)
        session.flush()


def ahead(session: Session, protocol_id: int, benefit: float, tracked_id: int) -> int:
    """How many others wait for the protocol with more to gain; of equal ones, those that waited first."""
    own = session.scalar(select(Deferral).where(Deferral.tracked_id == tracked_id))
    return sum(
        1
        for other in session.scalars(_of(protocol_id).where(Deferral.tracked_id != tracked_id))
        if other.benefit > benefit or (other.benefit == benefit and (own is None or other.id < own.id))
    )


def protocol_ids(session: Session) -> Sequence[int]:
    """The protocols for which anybody waits."""
    return session.scalars(select(Deferral.protocol_id).distinct().order_by(Deferral.protocol_id)).all()


def best(session: Session, protocol_id: int, limit: int | None) -> Sequence[Deferral]:
    """Those with the most to gain, of equal ones the first that came; all of them without a limit."""
    return session.scalars(_of(protocol_id).order_by(Deferral.benefit.desc(), Deferral.id).limit(limit)).all()


def _of(protocol_id: int) -> Select[Deferral]:
    """Those that wait for the protocol and can be let in: a ticket that was given up or merged holds nobody up."""
    alive = (TrackedTicket.dead_at.is_(None), TrackedTicket.merged_into.is_(None), TrackedTicket.gone_at.is_(None))
    joined = select(Deferral).join(TrackedTicket, TrackedTicket.id == Deferral.tracked_id)
    return joined.where(Deferral.protocol_id == protocol_id, *alive)


def waiting(session: Session, limit: int = 20) -> Sequence[Waiting]:
    """The tickets of this desk that wait, in the order in which they are let in."""
    rows = session.execute(
        select(Deferral, TrackedTicket.ticket_id, TrackedTicket.score, ProtocolRow.name)
        .join(TrackedTicket, TrackedTicket.id == Deferral.tracked_id)
        .join(ProtocolRow, ProtocolRow.id == Deferral.protocol_id)
        .order_by(Deferral.benefit.desc(), Deferral.id)
        .limit(limit)
    )
    return [
        Waiting(ticket_id=ticket_id, score=score, protocol=name, benefit=row.benefit, since=row.since)
        for row, ticket_id, score, name in rows
    ]


def hold(session: Session, desk_id: int) -> None:
    """Have nobody else of the desk let a case in until the transaction ends, so that of two that would take the last
    place one does, whichever protocols they are under, and a rollback sees every case there is.

    Taken after the lock of the ticket, and a lock of its own: a row's would be in the way of others who have a ticket.
    """
    # SQLite lets one writer in at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"kintsugi.admission.{desk_id}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)).select_from(Desk))


def opened_since(session: Session, protocol_id: int, since: datetime) -> int:
    """Cases that any version of the protocol has opened from then on (business time)."""
    versions = select(ProtocolVersion.id).where(ProtocolVersion.protocol_id == protocol_id)
    opened = select(func.count(RecoveryCase.id)).where(
        RecoveryCase.version_id.in_(versions), RecoveryCase.opened_at >= since
    )
    return session.scalar(opened) or 0
