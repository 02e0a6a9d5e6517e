"""What a clock alone brings about in casework: deadlines and targets missed, tags that expire, places that become free.

Every query is open-ended, never a time window, so that an outage of any length is caught up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import cases, chores, deferrals, desks, protocols, steps, tagging, tracked_tickets
from app.store.database import Purpose
from app.store.models import RecoveryCase
from tasks import admitting, documents, own_steps
from tasks.parts import current

LOG = log.get("casework")


@shared_task(name="targets.sweep")
def sweep() -> None:
    """See to deadlines, targets, expired tags and deferred tickets of every desk."""
    parts = current()
    now = parts.clock.now()
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        desk_ids = [desk.id for desk in desks.all_of(session)]
    for desk_id in desk_ids:
        with parts.database.desk(desk_id) as session:
            missed = _steps(session, now) + _targets(session, now)
            expired = _tags(session, now)
            woken = _deferred(session, now)
        if missed or expired or woken:
            LOG.info("casework_swept", desk_id=desk_id, missed=missed, expired=expired, woken=woken)


def _steps(session: Session, now: datetime) -> int:
    """People's steps whose deadline has passed: the leads are told once of each."""
    late = chores.overdue(session, now)
    for row in late:
        row.missed_at = now
        params = {"step": row.action, "owner": row.owner}
        _tell(session, cases.get(session, row.case_id), f"overdue-{row.id}", own_steps.TELL_OVERDUE, now, params)
    return len(late)


def _targets(session: Session, now: datetime) -> int:
    """Cases that missed their target for the first touch, or for the recovery."""
    untouched, unrecovered = chores.untouched(session, now), chores.unrecovered(session, now)
    for case in untouched:
        case.touch_missed_at = now
        if case.contacted_at is None:
            _tell(session, case, own_steps.TELL_TOUCH, own_steps.TELL_TOUCH, now)
    for case in unrecovered:
        case.recover_missed_at = now
        if case.resolved_at is None:
            _tell(session, case, own_steps.TELL_RECOVERY, own_steps.TELL_RECOVERY, now)
    return len(untouched) + len(unrecovered)


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


def _tags(session: Session, now: datetime) -> int:
    """Tags of closed cases that have had their days."""
    found = 0
    for version_id in tagging.expiring_versions(session):
        days = documents.read_cached(protocols.version(session, version_id).document).guardrails.tags_expire_days
        if days is None:
            continue
        for case in tagging.to_untag(session, version_id, now - timedelta(days=days), own_steps.UNTAG):
            planned = steps.Planned(action=own_steps.UNTAG, do=own_steps.UNTAG, params={})
            steps.plan(session, case, [planned], now)
            tracked_tickets.wake(session, case.tracked_id, real_now())
            found += 1
    return found


def _deferred(session: Session, now: datetime) -> int:
    """Have those who wait for capacity looked at again where a place is free: the ones with the most to gain."""
    in_force = {row.protocol_id: row.document for row in protocols.in_force(session)}
    woken = 0
    for protocol_id in deferrals.protocol_ids(session):
        free = None  # nobody waits for a protocol that is not in force any more
        if protocol_id in in_force:
            protocol = documents.read_cached(in_force[protocol_id])
            free = admitting.free_places(session, protocol_id, protocol, now)
        woken += _wake(session, [row.tracked_id for row in deferrals.best(session, protocol_id, free)])
    return woken


def _wake(session: Session, tracked_ids: Sequence[int]) -> int:
    for tracked_id in tracked_ids:
        # Room is no fact of the ticket, so it has to be decided on again as if something were new.
        tracked_tickets.get(session, tracked_id).facts_digest = None
        tracked_tickets.wake(session, tracked_id, real_now())
    return len(tracked_ids)
