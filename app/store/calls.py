"""Calls of the API: counted per caller, and answered once per idempotency key. All times are mechanism time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import CallAnswer, CallCount

KEPT = timedelta(hours=24)
#: A call that was not answered by then: its process died without a word, before the change or after it.
GIVEN_UP = timedelta(minutes=10)


def count(session: Session, caller: str, window_at: datetime) -> int:
    """Count a call in the stretch of time that began then; how many the caller has made in it, this one included."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = insert(CallCount).values(caller=caller, window_at=window_at, calls=1)
    again = case((CallCount.window_at == fresh.excluded.window_at, CallCount.calls + 1), else_=1)
    counted = fresh.on_conflict_do_update(
        index_elements=["caller"], set_={"window_at": fresh.excluded.window_at, "calls": again}
    )
    return session.execute(counted.returning(CallCount.calls)).scalar_one()


_LOST = b""  #: in the place of an answer


class Standing(StrEnum):
    """How it stands with an idempotency key."""

    NEW = "new"  # whoever asked is to answer it
    ANSWERED = "answered"
    BUSY = "busy"  # somebody else is answering it
    OTHER = "other"  # it was given with another request
    UNKNOWN = "unknown"  # it was taken on, and nobody can say whether it was carried out


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A key as it was found; `answer` only where it was answered, `desk_id` where that was about one desk."""

    standing: Standing
    id: int
    fence: int
    desk_id: int | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call that is to be answered once."""

    caller: str
    key: str
    content: bytes  #: whatever makes it this request and no other


def begin(session: Session, asked: Request, now: datetime) -> Kept:
    """Take a call on, or learn what became of it. What may have been carried out is not taken on again while it is
    kept."""
    key_hash, request_hash = _hash(asked.key.encode()), _hash(asked.content)
    old = CallAnswer.begun_at <= now - KEPT
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = insert(CallAnswer).values(
        caller=asked.caller, key_hash=key_hash, request_hash=request_hash, begun_at=now, fence=1
    )
    anew = {
        "request_hash": request_hash, "begun_at": now, "fence": CallAnswer.fence + 1,
        "sealed_answer": None, "desk_id": None,
    }  # fmt: skip
    taken = session.execute(
        fresh.on_conflict_do_update(index_elements=["caller", "key_hash"], set_=anew, where=old).returning(
            CallAnswer.id, CallAnswer.fence
        )
    ).first()
    if taken is not None:
        return Kept(standing=Standing.NEW, id=taken.id, fence=taken.fence)
    same = select(CallAnswer).where(CallAnswer.caller == asked.caller, CallAnswer.key_hash == key_hash)
    return _found(session, session.scalar(same), request_hash, now)


def _found(session: Session, row: CallAnswer | None, request_hash: str, now: datetime) -> Kept:
    if row is None:  # whoever was answering it has given it back this moment
        return Kept(standing=Standing.BUSY, id=0, fence=0)
    if row.request_hash != request_hash:
        return Kept(standing=Standing.OTHER, id=row.id, fence=row.fence)
    if not row.sealed_answer:
        lost = row.sealed_answer is not None or row.begun_at <= now - GIVEN_UP
        return Kept(standing=Standing.UNKNOWN if lost else Standing.BUSY, id=row.id, fence=row.fence)
    answer = vault_of(session).open(row.sealed_answer)
    return Kept(standing=Standing.ANSWERED, id=row.id, fence=row.fence, desk_id=row.desk_id, answer=answer)


def keep(session: Session, taken: Kept, answer: str, desk_id: int | None) -> None:
    """Keep the answer to a call that was taken on, unless somebody else took it on meanwhile."""
    session.execute(
        update(CallAnswer)
        .where(CallAnswer.id == taken.id, CallAnswer.fence == taken.fence)
        .values(sealed_answer=vault_of(session).seal(answer), desk_id=desk_id)
    )


def lose(session: Session, taken: Kept) -> None:
    """The call broke off, and what it changed may have been stored."""
    session.execute(
        update(CallAnswer).where(CallAnswer.id == taken.id, CallAnswer.fence == taken.fence).values(sealed_answer=_LOST)
    )


def give_back(session: Session, taken: Kept) -> None:
    """Nothing came of the call: its key is as if it had never been used."""
    session.execute(delete(CallAnswer).where(CallAnswer.id == taken.id, CallAnswer.fence == taken.fence))


def forget(session: Session, now: datetime) -> None:
    """Drop answers that are kept no longer, and counts of long ago."""
    session.execute(delete(CallAnswer).where(CallAnswer.begun_at <= now - KEPT))
    session.execute(delete(CallCount).where(CallCount.window_at <= now - KEPT))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
