"""Protocols and their versions as stored documents. Reading a document is `app.protocols.document`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.store.desks import NotFound
from app.store.models import ProtocolRow, ProtocolVersion, VersionState


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A published version, as its document."""

    version_id: int
    document: str
    position: int


def in_force(session: Session) -> Sequence[InForce]:
    """The published versions of this desk, in the order in which they decide."""
    rows = session.execute(
        select(ProtocolVersion.id, ProtocolVersion.document, ProtocolRow.position)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .where(ProtocolVersion.state == VersionState.PUBLISHED)
        .order_by(ProtocolRow.position, ProtocolVersion.id)
    )
    return [
        InForce(version_id=version_id, document=document, position=position) for version_id, document, position in rows
    ]


def version(session: Session, version_id: int) -> ProtocolVersion:
    """Raises NotFound."""
    row = session.get(ProtocolVersion, version_id)
    if row is None:
        raise NotFound(f"protocol version {version_id}")
    return row


def import_document(
    session: Session, desk_id: int, name: str, document: str, now: datetime, *, first: bool = False
) -> tuple[ProtocolVersion, bool]:
    """Store a document as the protocol's newest draft; (version, False) when it equals the newest one already.

    A protocol that is new is asked after all others, or with `first` before them.
    """
    protocol = session.scalar(select(ProtocolRow).where(ProtocolRow.name == name))
    if protocol is None:
        end = func.min(ProtocolRow.position) if first else func.max(ProtocolRow.position)
        position = (session.scalar(select(end)) or 0) + (-10 if first else 10)
        protocol = ProtocolRow(desk_id=desk_id, name=name, position=position, created_at=now)
        session.add(protocol)
        session.flush()
    newest = _newest(session, protocol.id)
    if newest is not None and newest.document == document:
        return newest, False
    added = ProtocolVersion(
        desk_id=desk_id,
        protocol_id=protocol.id,
        number=(newest.number if newest else 0) + 1,
        document=document,
        created_at=now,
    )
    session.add(added)
    session.flush()
    return added, True


def publish(session: Session, published: ProtocolVersion, *, by: str, reason: str, now: datetime) -> None:
    """Put a version in force and retire the one before it; cases keep the version they began under."""
    session.execute(
        update(ProtocolVersion)
        .where(ProtocolVersion.protocol_id == published.protocol_id, ProtocolVersion.state == VersionState.PUBLISHED)
        .values(state=VersionState.RETIRED)
    )
    published.state = VersionState.PUBLISHED
    published.published_by = by
    published.published_at = now
    published.reason = reason[:500]
    session.flush()


def find(session: Session, protocol_id: int) -> ProtocolRow | None:
    return session.get(ProtocolRow, protocol_id)


def find_by_name(session: Session, name: str) -> ProtocolRow | None:
    return session.scalar(select(ProtocolRow).where(ProtocolRow.name == name))


def name_of(session: Session, version_id: int) -> str:
    statement = select(ProtocolRow.name).join(ProtocolVersion).where(ProtocolVersion.id == version_id)
    return session.scalar(statement) or ""


def all_of(session: Session) -> Sequence[tuple[ProtocolRow, ProtocolVersion]]:
    """Every protocol with its published version, or its newest one where none is published."""
    found = []
    for row in session.scalars(select(ProtocolRow).order_by(ProtocolRow.position, ProtocolRow.id)):
        published = session.scalar(
            select(ProtocolVersion).where(
                ProtocolVersion.protocol_id == row.id, ProtocolVersion.state == VersionState.PUBLISHED
            )
        )
        newest = published or _newest(session, row.id)
        if newest is not None:
            found.append((row, newest))
    return found


def versions_of(session: Session, protocol_id: int) -> Sequence[ProtocolVersion]:
    """Newest first."""
    statement = select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id)
    return session.scalars(statement.order_by(ProtocolVersion.number.desc())).all()


def _newest(session: Session, protocol_id: int) -> ProtocolVersion | None:
    statement = select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id)
    return session.scalar(statement.order_by(ProtocolVersion.number.desc()).limit(1))
