"""Taking a protocol back: an earlier version comes into force again and, where wanted, what was done is set back.

Beginning it is one transaction, and what is in force changes at once. The tickets are seen to one by one by the
workers; `report` says how far they are, what was set back, and what others have changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.protocol_setup import find_version, watch_clocks
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.lint import Severity, lint_together
from app.reasons import checked_reason
from app.store import audit, protocol_events, protocols, rollbacks
from app.store.models import ProtocolVersion, RollbackRow, StepState, VersionState
from app.store.protocol_events import Kind, Said
from tasks import rolling_back
from tasks.parts import Parts

LOG = log.get("protocols")

OPEN = frozenset({StepState.PLANNED, StepState.SENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A rollback that has begun."""

    id: int
    protocol: str
    withdrawn: tuple[int, ...]  #: numbers of the versions that it took out of force
    to: int | None  #: the version in force since; None where none is
    undo: bool
    tickets: int  #: on which there is something to set back
    warnings: tuple[str, ...]  #: what is questionable about what is in force since; a line each


@dataclass(frozen=True, slots=True, kw_only=True)
class OnField:
    """One field of one ticket that was ours."""

    ticket: str
    field: str  #: "tags", "group_id", "assignee_id", "priority", "status", "custom_fields", "words" or "step"
    key: str  #: the tag, or the custom field's id
    ours: Any  #: what we set it to
    now: Any  #: what it was set back to, or what it was left as
    reason: str = ""  #: why it was left as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a rollback so far."""

    id: int
    protocol: str
    withdrawn: tuple[int, ...]
    to: int | None
    undo: bool
    by: str
    reason: str
    at: datetime  #: mechanism time
    warnings: tuple[str, ...]
    tickets: int
    waiting: int  #: tickets that are still to be seen to
    finished: bool
    reverted: tuple[OnField, ...]
    kept: tuple[OnField, ...]


def start(  # noqa: PLR0913  page, API and command all name each of these
    parts: Parts,
    desk_id: int,
    name: str,
    *,
    to: int | None = None,
    undo: bool = False,
    by: str,
    who: str = audit.OPERATOR,
    reason: str,
) -> Rollback:
    """Take the protocol back to version number `to`, or to what was in force before; a trial on a share ends first.

    With `undo`, cases of the withdrawn versions end, and what they changed is set back where nobody has touched it
    since. `by` is put into the protocol's history, and `who` into the audit log. Raises ValueError that says what is
    wrong; then nothing changed.
    """
    said = Said(by=by, reason=checked_reason(reason), at=real_now())
    with parts.database.desk(desk_id) as session:
        protocol_id = protocols.lock(session, find_version(session, name).protocol_id)
        turn = _turn(session, protocol_id, to, undo=undo)
        _apply(session, turn, said)
        if turn.target is not None:
            watch_clocks(session, desk_id, [turn.target], parts.clock.now())
        row = _remember(session, turn, said, undo=undo)
        tickets = rolling_back.plan(session, row, parts.clock.now()) if undo else 0
        _record(session, row, turn, who)
        LOG.info("protocol_rolled_back", desk_id=desk_id, protocol_id=protocol_id, rollback_id=row.id, tickets=tickets)
        return Rollback(
            id=row.id,
            protocol=name,
            withdrawn=tuple(version.number for version in turn.withdrawn),
            to=turn.target.number if turn.target else None,
            undo=undo,
            tickets=tickets,
            warnings=tuple(row.warnings),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What is to be in force instead of what."""

    target: ProtocolVersion | None
    withdrawn: tuple[ProtocolVersion, ...]


def _turn(session: Session, protocol_id: int, to: int | None, *, undo: bool) -> _Turn:
    versions = protocols.versions_of(session, protocol_id)
    whole = next((one for one in versions if one.state is VersionState.PUBLISHED), None)
    trial = next((one for one in versions if one.state is VersionState.CANARY), None)
    if to is not None:
        return _to(session, versions, to, undo=undo)
    if trial is not None:
        return _Turn(target=whole, withdrawn=(trial,))
    if whole is None:
        raise ValueError("no version of it is in force, so there is nothing to take back")
    return _Turn(target=protocols.before(session, whole), withdrawn=(whole,))


def _to(session: Session, versions: Sequence[ProtocolVersion], to: int, *, undo: bool) -> _Turn:
    target = next((one for one in versions if one.number == to), None)
    if target is None:
        raise ValueError(f"there is no version {to}; the newest is {versions[0].number}")
    if target.id not in protocol_events.once_in_force(session, target.protocol_id):
        raise ValueError(f"version {to} was never in force; publish it instead")
    live = (VersionState.PUBLISHED, VersionState.CANARY)
    withdrawn = [one for one in versions if one.state in live and one is not target]
    if not withdrawn and undo:
        # It was taken back before; only what the later versions did is left to be set back.
        withdrawn = [one for one in versions if one.number > to]
    if not withdrawn:
        raise ValueError(f"version {to} is in force already")
    return _Turn(target=target, withdrawn=tuple(withdrawn))


def _apply(session: Session, turn: _Turn, said: Said) -> None:
    """Bring the target into force, with an entry in the protocol's history."""
    target, (newest, *_) = turn.target, turn.withdrawn
    if target is not None:
        _require_readable(target)
    if target is not None and target.state is not VersionState.PUBLISHED:
        protocols.publish(session, target, by=said.by, reason=said.reason, now=said.at)
        return
    live = [one for one in turn.withdrawn if one.state is not VersionState.RETIRED]
    for version in live:
        protocols.withdraw(session, version)
    if live:
        kind = Kind.ROLLED_BACK if target else Kind.WITHDRAWN
        protocol_events.record(session, kind, target or newest, newest, said)


def _remember(session: Session, turn: _Turn, said: Said, *, undo: bool) -> RollbackRow:
    newest = turn.withdrawn[0]
    row = RollbackRow(
        desk_id=newest.desk_id,
        protocol_id=newest.protocol_id,
        to_version_id=turn.target.id if turn.target else None,
        withdrawn=[version.id for version in turn.withdrawn],
        undo=undo,
        by=said.by[:254],
        reason=said.reason,
        warnings=_warnings(session),
        at=said.at,
    )
    return rollbacks.add(session, row)


def _record(session: Session, row: RollbackRow, turn: _Turn, who: str) -> None:
    told = {
        "rollback": row.id,
        "withdrawn": [version.number for version in turn.withdrawn],
        "to": turn.target.number if turn.target else None,
        "undo": row.undo,
    }
    what = f"protocol:{row.protocol_id}"
    audit.record(session, by=who, did="protocol.rolled_back", what=what, detail=told, at=real_now())


def _require_readable(version: ProtocolVersion) -> None:
    try:
        read_document(version.document)
    except DocumentError as error:
        raise ValueError(f"version {version.number} cannot be read any more: {error}") from error


def _warnings(session: Session) -> list[str]:
    """What would keep these protocols from being published together; taking back is not held up by it."""
    in_force = [read_document(row.document) for row in protocols.in_force(session) if row.share is None]
    return [one.line for one in lint_together(in_force) if one.severity is Severity.ERROR]


def report(session: Session, rollback_id: int) -> Report:
    """How far a rollback is, and both lists. Raises NotFound."""
    row = rollbacks.get(session, rollback_id)
    tickets = rollbacks.tickets(session, rollback_id)
    waiting = [one for one in tickets if one.state in OPEN and not one.given_up]
    done = [one for one in tickets if one.state is StepState.DONE]
    undone = [one for one in tickets if one not in done and one not in waiting]
    left = [replace(one, kept=rolling_back.left(session, one.step_id, one.reason or one.state)) for one in undone]
    to = rollbacks.numbers(session, [row.to_version_id]) if row.to_version_id else ()
    return Report(
        id=row.id,
        protocol=protocols.name_of(session, row.withdrawn[0]),
        withdrawn=tuple(rollbacks.numbers(session, row.withdrawn)),
        to=to[0] if to else None,
        undo=row.undo,
        by=row.by,
        reason=row.reason,
        at=row.at,
        warnings=tuple(row.warnings),
        tickets=len(tickets),
        waiting=len(waiting),
        finished=not waiting,
        reverted=tuple(_field(one.ticket_id, item) for one in done for item in one.reverted),
        kept=tuple(_field(one.ticket_id, item) for one in (*done, *left) for item in one.kept),
    )


def _field(ticket_id: str, item: Any) -> OnField:
    now = item["back_to"] if "back_to" in item else item["found"]
    return OnField(
        ticket=ticket_id,
        field=item["field"],
        key=item["key"],
        ours=item["ours"],
        now=now,
        reason=item.get("reason", ""),
    )


def as_document(told: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {**asdict(told), "at": told.at.isoformat()}
