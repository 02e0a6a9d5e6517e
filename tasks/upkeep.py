"""Sweeps, retention and norms: what nobody asks for and everybody would miss. Every query is open-ended, never a time
window, so that an outage of any length is caught up."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task

from app import log
from app.clock import real_now
from app.scoring.conversation import Running
from app.scoring.waits import usual_of
from app.store import calls, cases, consents, desks, erasure, evaluations, histories, invitations, slots
from app.store.database import Purpose
from tasks import recovery
from tasks.context import context_of
from tasks.parts import current

LOG = log.get("upkeep")

KEEP_SLOTS = timedelta(days=7)


@shared_task(name="upkeep.sweep")
def sweep() -> None:
    """End the cases whose survey nobody answered in time, and those about which nobody could be asked."""
    parts = current()
    now = parts.clock.now()
    long_ago = now - timedelta(days=parts.settings.survey_days)
    for desk_id in _desk_ids():
        with parts.database.desk(desk_id) as session:
            for case in invitations.unanswered(session, now):
                recovery.expire(session, case, now, "the survey was not answered in time")
            for case in cases.unasked(session, long_ago):
                recovery.expire(session, case, now, "it was resolved, and nobody could be asked")


@shared_task(name="upkeep.forget")
def forget() -> None:
    """Erase after its time what customers said and what was known of tickets, slots long past, consents that never
    came back, and answers that programs do not ask for again."""
    parts = current()
    for desk_id in _desk_ids():
        kept = _kept(desk_id)
        before = parts.clock.now() - kept
        erased = _erase_words(desk_id, before)
        with parts.database.desk(desk_id) as session:
            comments = erasure.erase_comments(session, before)
            bodies = erasure.erase_bodies(session, real_now() - kept)
            evaluations.forget(session, before)
        LOG.info("words_erased", desk_id=desk_id, messages=erased, comments=comments, deliveries=bodies)
    with parts.database.system(Purpose.OPERATE) as session:
        slots.forget(session, real_now() - KEEP_SLOTS)
        consents.forget(session, real_now())
        calls.forget(session, real_now())


@shared_task(name="upkeep.norms")
def norms() -> None:
    """Count anew what every desk's usual reply times are, by its newest conversations; not where nothing is learned."""
    if not current().settings.learning:
        return
    for desk_id in _desk_ids():
        with current().database.desk(desk_id, read=True) as session:
            context = context_of(desks.get(session, desk_id))
            usual = usual_of(histories.conversations(session), context.hours)
        with current().database.desk(desk_id) as session:
            desks.get(session, desk_id).usual = asdict(usual)
        LOG.info("norms_counted", desk_id=desk_id, first_reply=usual.first_reply, next_reply=usual.next_reply)


def _kept(desk_id: int) -> timedelta:
    """How long a desk keeps words: as long as the installation, or shorter where an admin said so."""
    most = current().settings.text_days
    with current().database.desk(desk_id, read=True) as session:
        days = desks.get(session, desk_id).settings.get("text_days", most)
    return timedelta(days=min(days, most))


def _erase_words(desk_id: int, before: datetime) -> int:
    """A batch at a time, so that nobody waits long for the database."""
    total, erased = 0, 1
    while erased:
        with current().database.desk(desk_id) as session:
            erased = erasure.erase_words(session, before, now=real_now(), strip=_without_words)
        total += erased
    return total


def _without_words(running: dict[str, Any]) -> dict[str, Any]:
    return Running.from_json(running).without_words().to_json()


def _desk_ids() -> list[int]:
    with current().database.system(Purpose.OPERATE, read=True) as session:
        return [desk.id for desk in desks.all_of(session)]
