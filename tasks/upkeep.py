"""Sweeps and retention: what nobody asks for and everybody would miss. Every query is open-ended, never a time window,
so that an outage of any length is caught up."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from app import log
from app.clock import real_now
from app.protocols.cases import CaseEvent, advance, can_advance
from app.store import cases, desks, invitations, messages, slots
from app.store.database import Purpose
from tasks.parts import current

LOG = log.get("upkeep")

KEEP_SLOTS = timedelta(days=7)


@shared_task(name="upkeep.sweep")
def sweep() -> None:
    """End the cases whose survey nobody answered in time."""
    parts = current()
    now = parts.clock.now()
    for desk_id in _desk_ids():
        with parts.database.desk(desk_id) as session:
            for case in invitations.unanswered(session, now):
                if can_advance(case.stage, CaseEvent.EXPIRE):
                    cases.move(case, advance(case.stage, CaseEvent.EXPIRE), now, "the survey was not answered in time")


@shared_task(name="upkeep.forget")
def forget() -> None:
    """Erase customers' words after their time, and slots long past."""
    parts = current()
    before = parts.clock.now() - timedelta(days=parts.settings.text_days)
    for desk_id in _desk_ids():
        with parts.database.desk(desk_id) as session:
            erased = messages.erase_words(session, before)
        LOG.info("words_erased", desk_id=desk_id, messages=erased)
    with parts.database.system(Purpose.OPERATE) as session:
        slots.forget(session, real_now() - KEEP_SLOTS)


def _desk_ids() -> list[int]:
    with current().database.system(Purpose.OPERATE, read=True) as session:
        return [desk.id for desk in desks.all_of(session)]
