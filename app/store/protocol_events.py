"""Who put which version of a protocol in force, when and why. Append-only; putting it in force is `protocols.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.protocols.difference import Line, compare
from app.store.models import ProtocolEvent, ProtocolVersion, VersionState


class Kind(StrEnum):
    """What happened to what is in force."""

    PUBLISHED = "published"
    CANARY = "canary"  # on a share of tickets
    SHADOW = "shadow"  # watching only
    WITHDRAWN = "withdrawn"  # out of force, with none in its place
    ROLLED_BACK = "rolled_back"  # an earlier version again


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One change of what is in force."""

    kind: Kind
    number: int | None  #: the version; None where none is in force since
    previous: int | None  #: the version that was in force before
    share: float | None
    by: str
    reason: str
    at: datetime  #: mechanism time
    diff: Sequence[Line]  #: from the version that was in force before


def kind_of(state: VersionState) -> Kind:
    """What putting a version into this state is."""
    return Kind(state.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who changes what is in force, and why."""

    by: str
    reason: str
    at: datetime  #: mechanism time


def record(
    session: Session, kind: Kind, version: ProtocolVersion, previous: ProtocolVersion | None, said: Said
) -> None:
    """Remember a change; for one that leaves none in force, `version` is the one that was."""
    gone = kind is Kind.WITHDRAWN
    session.add(
        ProtocolEvent(
            desk_id=version.desk_id,
            protocol_id=version.protocol_id,
            version_id=None if gone else version.id,
            previous_id=previous.id if previous else None,
            kind=kind.value,
            share=version.share if kind is Kind.CANARY else None,
            by=said.by[:254],
            reason=said.reason[:500],
            at=said.at,
        )
    )
    session.flush()


def once_in_force(session: Session, protocol_id: int) -> frozenset[int]:
    """Versions that were, or are, in force on all tickets. Of those before history was kept, what was ever published
    and is no trial."""
    rows = session.scalars(select(ProtocolEvent).where(ProtocolEvent.protocol_id == protocol_id)).all()
    whole = {row.version_id for row in rows if row.kind in (Kind.PUBLISHED, Kind.ROLLED_BACK)}
    told = {row.version_id for row in rows}
    versions = session.scalars(select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id))
    return frozenset(
        version.id
        for version in versions
        if version.id in whole
        or version.state is VersionState.PUBLISHED
        or (version.id not in told and version.state is VersionState.RETIRED and version.published_at is not None)
    )


def newest_id(session: Session, protocol_id: int) -> int:
    """The protocol's last entry; 0 where it has none. Whoever saw the same one has seen all that happened."""
    return session.scalar(select(func.max(ProtocolEvent.id)).where(ProtocolEvent.protocol_id == protocol_id)) or 0


def of_protocol(session: Session, protocol_id: int) -> Sequence[Happened]:
    """The protocol's history, newest first."""
    versions = {
        version.id: version
        for version in session.scalars(select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id))
    }
    rows = session.scalars(
        select(ProtocolEvent).where(ProtocolEvent.protocol_id == protocol_id).order_by(ProtocolEvent.id.desc())
    )
    return [_happened(row, versions.get(row.version_id or 0), versions.get(row.previous_id or 0)) for row in rows]


def _happened(row: ProtocolEvent, version: ProtocolVersion | None, previous: ProtocolVersion | None) -> Happened:
    return Happened(
        kind=Kind(row.kind),
        number=version.number if version else None,
        previous=previous.number if previous else None,
        share=row.share,
        by=row.by,
        reason=row.reason,
        at=row.at,
        diff=compare(previous.document if previous else None, version.document if version else ""),
    )
