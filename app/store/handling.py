"""Who sees to a recovery case in the queue, and until when it is out of sight.

Every change is one conditional update: of two people who press at once one wins, and the other is told so. A change
that builds on what somebody has seen takes the `version` they saw. Before the first change of a transaction comes
`lock`, for all cases that it is about. What a change means beyond the row (the helpdesk's assignee, alerts, the audit
log) is `tasks.handling`, which pages and the API call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from app.reasons import checked_reason
from app.store import cases, tracked_tickets
from app.store.database import vault_of
from app.store.models import RecoveryCase, TrackedTicket
from app.words import SatState

LONGEST_REASON = 500  #: characters
LONGEST_SNOOZE = timedelta(days=90)
#: A case in one of these since it was snoozed has turned for the worse, and is back.
ALARMING = (SatState.POOR_WORSENING, SatState.GOOD_WORSENING)
CHUNK = 500  #: ids in one statement


class CannotSnooze(ValueError):
    """The wanted time or reason is none to keep; `field` names which ("until", "reason"), the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Who has a case, and whether it is out of sight, as it is stored."""

    case_id: int
    holder: str | None  #: "account:7" or "agent:<the helpdesk's id>"; None: nobody
    held_since: datetime | None  #: business time, as all below
    snoozed_until: datetime | None  #: None, or past: it is not snoozed
    snoozed_at: datetime | None
    snoozed_by: str | None
    reason: str | None  #: of the snooze; None without one, and where the words were erased
    version: int  #: to hand back with a change that builds on this


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A wish to see a case again later."""

    until: datetime  #: business time
    reason: str
    by: str


def of_case(session: Session, case_id: int) -> Holding:
    """Raises NotFound."""
    return _holding(session, cases.get(session, case_id))


def of_cases(session: Session, case_ids: Collection[int]) -> Mapping[int, Holding]:
    """By case id; ids of no case of this desk are missing."""
    wanted = list(case_ids)
    rows = (
        row
        for start in range(0, len(wanted), CHUNK)
        for row in session.scalars(select(RecoveryCase).where(RecoveryCase.id.in_(wanted[start : start + CHUNK])))
    )
    return {row.id: _holding(session, row) for row in rows}


def lock(session: Session, case_ids: Collection[int]) -> None:
    """Have nobody else record on the tickets of these cases until the transaction ends; all of them in one call."""
    tracked_ids = session.scalars(select(RecoveryCase.tracked_id).where(RecoveryCase.id.in_(case_ids))).all()
    tracked_tickets.lock_all(session, tracked_ids)


def claim(session: Session, case_id: int, who: str, now: datetime) -> Holding | None:
    """Take an open case that nobody has, and end its snooze. None when somebody else has it, or it is closed.

    Who has it already keeps it, since the same moment, so claiming may be repeated. `now` is business time.
    """
    free = or_(RecoveryCase.holder.is_(None), RecoveryCase.holder == who)
    held: Any = _unless_held_by(who, now)
    return _change(session, case_id, free, holder=who, held_since=held, **_AWAKE)


def release(session: Session, case_id: int, *, version: int) -> Holding | None:
    """Nobody has the open case any more. None for a stale version, or a closed case."""
    return _change(session, case_id, RecoveryCase.handling_version == version, holder=None, held_since=None)


def hand_over(session: Session, case_id: int, to: str, *, version: int, now: datetime) -> Holding | None:
    """Give an open case to somebody, whoever had it, and end its snooze. None for a stale version, or a closed case.

    Whether `to` is a person of the desk is the caller's to know. `now` is business time.
    """
    seen = RecoveryCase.handling_version == version
    held: Any = _unless_held_by(to, now)
    return _change(session, case_id, seen, holder=to, held_since=held, **_AWAKE)


def snooze(session: Session, case_id: int, wanted: Snooze, *, version: int, now: datetime) -> Holding | None:
    """Put an open case out of sight until then. None for a stale version, or a closed case.

    It comes back by itself: once the time is over, or as soon as its state turns to getting worse; whoever has the
    case keeps it. Nothing else is put off: steps, deadlines and alerts go on. Raises CannotSnooze. `now` is business
    time.
    """
    reason = check(wanted, now)
    return _change(
        session,
        case_id,
        RecoveryCase.handling_version == version,
        snoozed_until=wanted.until,
        snoozed_at=now,
        snoozed_by=wanted.by,
        sealed_snooze_reason=vault_of(session).seal(reason),
    )


def check(wanted: Snooze, now: datetime) -> str:
    """The reason as it is kept. Raises CannotSnooze for a time or a reason that cannot be kept."""
    if wanted.until <= now:
        raise CannotSnooze("until", "the time must be in the future")
    if wanted.until > now + LONGEST_SNOOZE:
        raise CannotSnooze("until", f"a case can be put off for at most {LONGEST_SNOOZE.days} days")
    if not wanted.reason.strip():
        raise CannotSnooze("reason", "a reason is needed, in your own words")
    try:
        return checked_reason(wanted.reason, longest=LONGEST_REASON)
    except ValueError as error:
        raise CannotSnooze("reason", str(error).removeprefix("reason: ")) from error


def unsnooze(session: Session, case_id: int, *, version: int) -> Holding | None:
    """See an open case again at once. None for a stale version, or a closed case."""
    return _change(session, case_id, RecoveryCase.handling_version == version, **_AWAKE)


def asleep(now: datetime) -> ColumnElement[bool]:
    """The condition that a case is out of sight at `now` (business time); for statements that join its ticket."""
    worse_since = and_(TrackedTicket.state.in_(ALARMING), TrackedTicket.state_since > RecoveryCase.snoozed_at)
    return and_(RecoveryCase.snoozed_until.is_not(None), RecoveryCase.snoozed_until > now, ~_known(worse_since))


def is_asleep(holding: Holding, state: SatState | None, state_since: datetime | None, now: datetime) -> bool:
    """The same of one case whose ticket has been in the state since then."""
    if holding.snoozed_until is None or holding.snoozed_at is None or holding.snoozed_until <= now:
        return False
    return not (state in ALARMING and state_since is not None and state_since > holding.snoozed_at)


_AWAKE: Mapping[str, Any] = {
    "snoozed_until": None,
    "snoozed_at": None,
    "snoozed_by": None,
    "sealed_snooze_reason": None,
}


def _known(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """False where a column is NULL, so that its negation is true there."""
    return and_(TrackedTicket.state.is_not(None), TrackedTicket.state_since.is_not(None), condition)


def _unless_held_by(who: str, now: datetime) -> Any:
    """Since when they have it: since before where they had it already."""
    return case((RecoveryCase.holder == who, RecoveryCase.held_since), else_=now)


def _change(session: Session, case_id: int, condition: ColumnElement[bool], **columns: Any) -> Holding | None:
    changed = session.scalar(
        update(RecoveryCase)
        .where(RecoveryCase.id == case_id, RecoveryCase.open_key.is_not(None), condition)
        .values(handling_version=RecoveryCase.handling_version + 1, **columns)
        .returning(RecoveryCase.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return None
    row = session.get_one(RecoveryCase, case_id, populate_existing=True)
    return _holding(session, row)


def _holding(session: Session, row: RecoveryCase) -> Holding:
    sealed = row.sealed_snooze_reason
    return Holding(
        case_id=row.id,
        holder=row.holder,
        held_since=row.held_since,
        snoozed_until=row.snoozed_until,
        snoozed_at=row.snoozed_at,
        snoozed_by=row.snoozed_by,
        reason=vault_of(session).open(sealed) if sealed else None,
        version=row.handling_version,
    )
