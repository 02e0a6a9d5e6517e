"""Access: a desk's tokens, sealed, and the lease under which they are renewed. No network; mechanism time.

A renewal ends the old pair at the helpdesk, so one process at a time may. What decides over two that tried all the same
is the generation: tokens take the place of those they were made from, or none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import DeskAccess
from connectors.base import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to renew, until the lease ends."""

    held: Tokens | None  #: what the new ones take the place of
    generation: int
    fence: int
    unsettled: int  #: earlier renewals of the same tokens whose outcome nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be shown of a desk's access."""

    renewed_at: datetime | None
    expires_at: datetime | None
    unsettled: int


def find(session: Session) -> Tokens | None:
    """The tokens on record, opened."""
    row = session.scalar(select(DeskAccess))
    return None if row is None else _opened(session, row)


def standing(session: Session) -> Standing | None:
    """How the access is; None where there are no tokens, nor were any asked for."""
    row = session.scalar(select(DeskAccess))
    if row is None or (row.sealed_tokens is None and not row.unsettled):
        return None
    return Standing(renewed_at=row.renewed_at, expires_at=row.expires_at, unsettled=row.unsettled)


def begin(session: Session, desk_id: int, now: datetime, lease: timedelta) -> Turn | None:
    """Take the turn; None while somebody has it. It counts as unsettled until it is told how it ended."""
    row = _row(session, desk_id)
    taken = session.execute(
        update(DeskAccess)
        .where(DeskAccess.id == row.id, or_(DeskAccess.lease_until.is_(None), DeskAccess.lease_until <= now))
        .values(fence=DeskAccess.fence + 1, lease_until=now + lease, unsettled=DeskAccess.unsettled + 1)
        .returning(DeskAccess.fence)
    ).scalar()
    if taken is None:
        return None
    session.refresh(row)
    return Turn(held=_opened(session, row), generation=row.generation, fence=taken, unsettled=max(0, row.unsettled - 1))


def renewed(session: Session, turn: Turn, new: Tokens, now: datetime) -> bool:
    """Put new tokens in the place of those they were made from, and give the turn back.

    True also for somebody whose lease ended meanwhile: the helpdesk has given out these and no newer ones. False when
    others are on record by now.
    """
    stored = session.execute(
        update(DeskAccess)
        .where(DeskAccess.generation == turn.generation)
        .values(
            sealed_tokens=_sealed(session, new),
            expires_at=new.expires_at,
            generation=DeskAccess.generation + 1,
            lease_until=None,
            unsettled=0,
            renewed_at=now,
        )
        .returning(DeskAccess.id)
    )
    return stored.first() is not None


def give_back(session: Session, turn: Turn, *, settled: bool) -> None:
    """End the turn without new tokens; `settled` when it is certain that the old ones are still good."""
    values = {"unsettled": turn.unsettled} if settled else {}
    session.execute(
        update(DeskAccess)
        .where(DeskAccess.fence == turn.fence, DeskAccess.generation == turn.generation)
        .values(lease_until=None, **values)
    )


def put(session: Session, desk_id: int, tokens: Tokens | None, now: datetime) -> None:
    """Start afresh with these, or with none: whatever was on record belongs to other credentials."""
    row = _row(session, desk_id)
    row.sealed_tokens = None if tokens is None else _sealed(session, tokens)
    row.expires_at = None if tokens is None else tokens.expires_at
    row.generation, row.fence, row.lease_until, row.unsettled = row.generation + 1, row.fence + 1, None, 0
    row.renewed_at = None if tokens is None else now
    session.flush()


def _row(session: Session, desk_id: int) -> DeskAccess:
    found = session.scalar(select(DeskAccess).where(DeskAccess.desk_id == desk_id))
    if found is not None:
        return found
    try:
        with session.begin_nested():
            row = DeskAccess(desk_id=desk_id)
            session.add(row)
        return row
    except IntegrityError:
        # Somebody made it at the same moment.
        return session.scalars(select(DeskAccess).where(DeskAccess.desk_id == desk_id)).one()


def _sealed(session: Session, tokens: Tokens) -> bytes:
    return vault_of(session).seal(json.dumps({"access": tokens.access, "refresh": tokens.refresh}))


def _opened(session: Session, row: DeskAccess) -> Tokens | None:
    if row.sealed_tokens is None:
        return None
    opened = json.loads(vault_of(session).open(row.sealed_tokens))
    return Tokens(access=opened["access"], refresh=opened["refresh"], expires_at=row.expires_at)
