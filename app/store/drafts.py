"""New versions of a protocol as somebody wrote them, upon the version that they had before them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store import protocols
from app.store.desks import NotFound
from app.store.models import ProtocolRow, ProtocolVersion


class Outdated(Exception):
    """Somebody else wrote a newer version meanwhile. Nothing was stored; the session is fit for use."""


class NameTaken(Exception):
    """The desk has a protocol of that name. Nothing was stored; the session is fit for use."""


def find_protocol(session: Session, protocol_id: int) -> ProtocolRow | None:
    return session.get(ProtocolRow, protocol_id)


def add_first(session: Session, desk_id: int, name: str, document: str, now: datetime) -> ProtocolVersion:
    """A protocol that is new on this desk, asked after all others. Raises NameTaken."""
    if protocols.find_by_name(session, name) is not None:
        raise NameTaken(name)
    last = session.scalar(select(func.max(ProtocolRow.position))) or 0
    row = ProtocolRow(desk_id=desk_id, name=name, position=last + 10, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise NameTaken(name) from error
    return _add(session, row, 1, document, now)


def add_next(session: Session, protocol_id: int, document: str, base: int, now: datetime) -> ProtocolVersion:
    """The version after number `base`; that one itself when it says the same. Raises Outdated, NotFound."""
    row = find_protocol(session, protocol_id)
    if row is None:
        raise NotFound(f"protocol {protocol_id}")
    newest = protocols.versions_of(session, protocol_id)[0]
    if newest.number != base:
        raise Outdated
    return newest if newest.document == document else _add(session, row, base + 1, document, now)


def _add(session: Session, row: ProtocolRow, number: int, document: str, now: datetime) -> ProtocolVersion:
    version = ProtocolVersion(desk_id=row.desk_id, protocol_id=row.id, number=number, document=document, created_at=now)
    try:
        with session.begin_nested():
            session.add(version)
    except IntegrityError as error:
        raise Outdated from error
    return version
