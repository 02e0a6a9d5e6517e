"""Protocols and their versions as stored documents. Reading a document is `app.protocols.document`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.store import protocol_events
from app.store.desks import NotFound
from app.store.models import ProtocolEvent, ProtocolRow, ProtocolVersion, VersionState


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A version that counts: published, on a share of tickets, or watching; as its document."""

    protocol_id: int
    version_id: int
    document: str
    position: int
    share: float | None = None  #: of a canary
    shadow: bool = False


def in_force(session: Session) -> Sequence[InForce]:
    """The published versions of this desk and those on a share of its tickets, in the order in which they decide."""
    return _in_states(session, VersionState.PUBLISHED, VersionState.CANARY)


def shadows(session: Session) -> Sequence[InForce]:
    """The versions that only watch."""
    return _in_states(session, VersionState.SHADOW)


def counting(session: Session) -> Sequence[InForce]:
    """All of them: published, on a share of tickets, and watching."""
    return [*in_force(session), *shadows(session)]


def _in_states(session: Session, *states: VersionState) -> Sequence[InForce]:
    rows = session.execute(
        select(ProtocolVersion, ProtocolRow.position)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .where(ProtocolVersion.state.in_(states))
        .order_by(ProtocolRow.position, ProtocolVersion.id)
    )
    return [
        InForce(
            protocol_id=row.protocol_id,
            version_id=row.id,
            document=row.document,
            position=position,
            share=row.share,
            shadow=row.state is VersionState.SHADOW,
        )
        for row, position in rows
    ]


def version(session: Session, version_id: int) -> ProtocolVersion:
    """Raises NotFound."""
    row = session.get(ProtocolVersion, version_id)
    if row is None:
        raise NotFound(f"protocol version {version_id}")
    return row


def standing(session: Session, version_id: int) -> tuple[VersionState, int]:
    """A version's state as it is now, whatever this transaction has read of it before, and its protocol's id."""
    columns = (ProtocolVersion.state, ProtocolVersion.protocol_id)
    state, protocol_id = session.execute(select(*columns).where(ProtocolVersion.id == version_id)).one()
    return state, protocol_id


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


def put_before(session: Session, names: Sequence[str], following: str) -> None:
    """Have protocols asked just before another one; all others stay as they are to each other."""
    rows = session.scalars(select(ProtocolRow).order_by(ProtocolRow.position, ProtocolRow.id)).all()
    moved = [row for name in names for row in rows if row.name == name]
    others = [row for row in rows if row not in moved]
    at = [row.name for row in others].index(following)
    for place, row in enumerate([*others[:at], *moved, *others[at:]], start=1):
        row.position = 10 * place
    session.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a version is put in force: whole, on a share of the tickets, or only to watch."""

    share: float | None = None  #: above 0 and below 1; of a canary
    shadow: bool = False

    @property
    def state(self) -> VersionState:
        if self.shadow:
            return VersionState.SHADOW
        return VersionState.PUBLISHED if self.share is None else VersionState.CANARY


WHOLE = Reach()


def publish(
    session: Session, published: ProtocolVersion, *, by: str, reason: str, now: datetime, reach: Reach = WHOLE
) -> None:
    """Put a version in force as far as it should reach; cases keep the version they began under.

    Whole, it retires whatever of its protocol was in force or on trial. On trial, it takes the place of what was on
    trial in the same way. Of two who publish at once the second finds what the first did; where that is the same,
    nothing happens.
    """
    lock(session, published.protocol_id)
    if (published.state, published.share) == (reach.state, reach.share):
        return
    previous = _published(session, published.protocol_id)
    whole = reach.state is VersionState.PUBLISHED
    stood = published.id in protocol_events.once_in_force(session, published.protocol_id)
    again = whole and stood and previous is not None and published.number < previous.number
    replaced = _COUNTING if whole else (reach.state,)
    session.execute(
        update(ProtocolVersion)
        .where(
            ProtocolVersion.protocol_id == published.protocol_id,
            ProtocolVersion.state.in_(replaced),
            ProtocolVersion.id != published.id,
        )
        .values(state=VersionState.RETIRED)
    )
    published.state, published.share = reach.state, reach.share
    published.published_by = by
    published.published_at = now
    published.reason = reason[:500]
    session.flush()
    kind = protocol_events.Kind.ROLLED_BACK if again else protocol_events.kind_of(reach.state)
    said = protocol_events.Said(by=by, reason=reason, at=now)
    protocol_events.record(session, kind, published, previous if previous is not published else None, said)


def withdraw(session: Session, version_: ProtocolVersion) -> None:
    """Take a version out of force, or end its trial."""
    version_.state = VersionState.RETIRED
    session.flush()


_COUNTING = (VersionState.PUBLISHED, VersionState.CANARY, VersionState.SHADOW)


def lock(session: Session, protocol_id: int) -> int:
    """Have nobody else change what is in force of this protocol until the transaction ends; its id.

    What was read before is read anew where it is used again: somebody may have changed it while we waited.
    """
    # Whoever inserts what belongs to the protocol, as every look may, need not wait.
    session.execute(select(ProtocolRow.id).where(ProtocolRow.id == protocol_id).with_for_update(key_share=True))
    session.expire_all()
    return protocol_id


def before(session: Session, version_: ProtocolVersion) -> ProtocolVersion | None:
    """The version that was in force when this one was last published, however often it was gone back to since.

    Where that was before history was kept, the highest of the lower ones that were ever in force.
    """
    of_version = (ProtocolEvent.version_id == version_.id, ProtocolEvent.kind == protocol_events.Kind.PUBLISHED)
    told = session.scalar(select(ProtocolEvent).where(*of_version).order_by(ProtocolEvent.id.desc()).limit(1))
    if told is not None:
        return session.get(ProtocolVersion, told.previous_id) if told.previous_id else None
    stood = protocol_events.once_in_force(session, version_.protocol_id)
    lower = (one for one in versions_of(session, version_.protocol_id) if one.number < version_.number)
    return next((one for one in lower if one.id in stood), None)


def _published(session: Session, protocol_id: int) -> ProtocolVersion | None:
    of_protocol = (ProtocolVersion.protocol_id == protocol_id, ProtocolVersion.state == VersionState.PUBLISHED)
    return session.scalar(select(ProtocolVersion).where(*of_protocol))


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


def all_versions(session: Session) -> Sequence[ProtocolVersion]:
    """Every version of every protocol, in the order in which they were stored."""
    return session.scalars(select(ProtocolVersion).order_by(ProtocolVersion.id)).all()


def versions_of(session: Session, protocol_id: int) -> Sequence[ProtocolVersion]:
    """Newest first."""
    statement = select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id)
    return session.scalars(statement.order_by(ProtocolVersion.number.desc())).all()


def _newest(session: Session, protocol_id: int) -> ProtocolVersion | None:
    statement = select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol_id)
    return session.scalar(statement.order_by(ProtocolVersion.number.desc()).limit(1))
