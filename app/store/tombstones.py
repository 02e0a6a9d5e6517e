"""People who were erased, known by keyed hashes alone, so that an old ticket of theirs does not bring them back.

What they write after the day of their erasure is a new matter, and is taken in like anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import ErasedPerson


def remember(session: Session, desk_id: int, ids: Iterable[str], emails: Iterable[str], at: datetime) -> None:
    """Note that a person was erased; a later erasure of the same one counts. `at` is business time."""
    for who_hash in {*_hashes(session, "person", ids), *_hashes(session, "email", map(_plain, emails))}:
        row = session.scalar(select(ErasedPerson).where(ErasedPerson.who_hash == who_hash))
        if row is None:
            row = ErasedPerson(desk_id=desk_id, who_hash=who_hash, at=at)
            session.add(row)
        row.at = max(row.at, at)
    session.flush()


def erased_at(session: Session, helpdesk_id: str, email: str | None) -> datetime | None:
    """When this person was erased; None for anybody else."""
    hashes = [*_hashes(session, "person", [helpdesk_id]), *_hashes(session, "email", [_plain(email)] if email else [])]
    return session.scalar(select(func.max(ErasedPerson.at)).where(ErasedPerson.who_hash.in_(hashes)))


def among(session: Session, ids: Iterable[str]) -> Mapping[str, datetime]:
    """Which of these people, by the helpdesk's ids, were erased, and when."""
    if session.scalar(select(ErasedPerson.id).limit(1)) is None:
        return {}
    by_hash = {vault_of(session).fingerprint("person", one): one for one in set(ids)}
    rows = session.scalars(select(ErasedPerson).where(ErasedPerson.who_hash.in_(by_hash)))
    return {by_hash[row.who_hash]: row.at for row in rows}


def _hashes(session: Session, purpose: str, texts: Iterable[str]) -> list[str]:
    return [vault_of(session).fingerprint(purpose, text) for text in texts]


def _plain(email: str) -> str:
    return email.strip().lower()
