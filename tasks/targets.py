"""What a clock alone brings about in casework: deadlines and targets missed, tags that expire, places that become free.

Every query is open-ended, never a time window, so that an outage of any length is caught up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import cases, chores, deferrals, protocols, steps, tagging, tracked_tickets
from app.store.models import RecoveryCase, StepState
from tasks import admitting, documents, own_steps, ticketwise
from tasks.parts import current

LOG = log.get("casework")


@shared_task(name="targets.sweep")
def sweep() -> None:
    """See to deadlines, targets, expired tags and deferred tickets of every desk."""
    parts = current()
    now = parts.clock.now()
    for desk_id in ticketwise.desk_ids(parts.database):
        missed = _steps(desk_id, now) + _touches(desk_id, now) + _recoveries(desk_id, now)
        expired = _tags(desk_id, now)
        woken = _deferred(desk_id, now)
        if missed or expired or woken:
            LOG.info("casework_swept", desk_id=desk_id, missed=missed, expired=expired, woken=woken)


def _steps(desk_id: int, now: datetime) -> int:
    """People's steps whose deadline has passed: the leads are told once of each."""

    def miss(session: Session, step_id: int) -> bool:
        row = steps.get(session, step_id)
        if row.state is not StepState.WAITING or row.missed_at is not None:
            return False
        row.missed_at = now
        params = {"step": row.action, "owner": row.owner}
        _tell(session, cases.get(session, row.case_id), f"overdue-{row.id}", own_steps.TELL_OVERDUE, now, params)
        return True

    return ticketwise.each(desk_id, lambda session: [(r.tracked_id, r.id) for r in chores.overdue(session, now)], miss)


def _touches(desk_id: int, now: datetime) -> int:
    """Cases that missed their target for the first touch."""

    def miss(session: Session, case_id: int) -> bool:
        case = cases.get(session, case_id)
        if case.touch_missed_at is not None or not _is_late(case, case.contacted_at, case.touch_due_at):
            return False
        case.touch_missed_at = now
        if case.contacted_at is None:
            _tell(session, case, own_steps.TELL_TOUCH, own_steps.TELL_TOUCH, now)
        return True

    return ticketwise.each(
        desk_id, lambda session: [(c.tracked_id, c.id) for c in chores.untouched(session, now)], miss
    )


def _recoveries(desk_id: int, now: datetime) -> int:
    """Cases that missed their target for the recovery."""

    def miss(session: Session, case_id: int) -> bool:
        case = cases.get(session, case_id)
        if case.recover_missed_at is not None or not _is_late(case, case.resolved_at, case.recover_due_at):
            return False
        case.recover_missed_at = now
        if case.resolved_at is None:
            _tell(session, case, own_steps.TELL_RECOVERY, own_steps.TELL_RECOVERY, now)
        return True

    return ticketwise.each(
        desk_id, lambda session: [(c.tracked_id, c.id) for c in chores.unrecovered(session, now)], miss
    )


def _is_late(case: RecoveryCase, done_at: datetime | None, due_at: datetime | None) -> bool:
    """Whether an open case still is as late as it was found; its ticket's worker may have seen to it since."""
    return case.open_key is not None and due_at is not None and (done_at is None or done_at > due_at)


def _tell(
    session: Session,
    case: RecoveryCase,
    action: str,
    do: str,
    now: datetime,
    params: dict[str, str | None] | None = None,
) -> None:
    steps.plan(session, case, [steps.Planned(action=action, do=do, params=params or {})], now)
    tracked_tickets.wake(session, case.tracked_id, real_now())


def _tags(desk_id: int, now: datetime) -> int:
    """Tags of closed cases that have had their days."""

    def find(session: Session) -> Iterator[tuple[int, int]]:
        for version_id in tagging.expiring_versions(session):
            days = documents.read_cached(protocols.version(session, version_id).document).guardrails.tags_expire_days
            if days is not None:
                found = tagging.to_untag(session, version_id, now - timedelta(days=days), own_steps.UNTAG)
                yield from ((case.tracked_id, case.id) for case in found)

    def untag(session: Session, case_id: int) -> bool:
        case = cases.get(session, case_id)
        planned = steps.Planned(action=own_steps.UNTAG, do=own_steps.UNTAG, params={})
        steps.plan(session, case, [planned], now)
        tracked_tickets.wake(session, case.tracked_id, real_now())
        return True

    return ticketwise.each(desk_id, find, untag)


def _deferred(desk_id: int, now: datetime) -> int:
    """Have those who wait for capacity looked at again where a place is free: the ones with the most to gain."""

    def find(session: Session) -> Iterator[tuple[int, int]]:
        in_force = {row.protocol_id: row.document for row in protocols.in_force(session)}
        for protocol_id in deferrals.protocol_ids(session):
            free = None  # nobody waits for a protocol that is not in force any more
            if protocol_id in in_force:
                protocol = documents.read_cached(in_force[protocol_id])
                free = admitting.free_places(session, protocol_id, protocol, now)
            yield from ((row.tracked_id, row.tracked_id) for row in deferrals.best(session, protocol_id, free))

    return ticketwise.each(desk_id, find, _look_anew)


def _look_anew(session: Session, tracked_id: int) -> bool:
    # Room is no fact of the ticket, so it has to be decided on again as if something were new.
    tracked_tickets.get(session, tracked_id).facts_digest = None
    tracked_tickets.wake(session, tracked_id, real_now())
    return True
