"""Scheduled jobs as unique slots in a table: every dispatcher tries, the first one runs the job. Celery's beat may call
`tick` as well; two of them do no harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app, shared_task

from app.clock import real_now
from app.store import slots
from app.store.database import Purpose
from tasks.parts import Parts, current


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task and how often it runs; a turn that nobody was there for is not caught up."""

    task: str
    every: timedelta


JOBS = (
    Job(task="upkeep.sweep", every=timedelta(minutes=1)),
    Job(task="upkeep.forget", every=timedelta(hours=6)),
)

#: What `celery beat` needs to know, where somebody runs one.
BEAT: dict[str, dict[str, Any]] = {"tick": {"task": "schedule.tick", "schedule": 60.0}}

_last: dict[int, datetime] = {}


@shared_task(name="schedule.tick")
def tick() -> None:
    """Hint every job whose slot nobody has taken yet."""
    _take_slots(current(), real_now())


def tick_due(parts: Parts, now: datetime) -> None:
    """The dispatcher's own tick: at most one look at the slots per second."""
    before = _last.get(id(parts))
    if before is not None and now - before < timedelta(seconds=1):
        return
    _last[id(parts)] = now
    _take_slots(parts, now)


_taken: dict[tuple[int, str], datetime] = {}


def _take_slots(parts: Parts, now: datetime) -> None:
    for job in JOBS:
        key = (id(parts), job.task)
        start = slots.slot_start(now, job.every)
        if _taken.get(key) == start:
            continue
        with parts.database.system(Purpose.OPERATE) as session:
            taken = slots.take(session, job.task, job.every, now)
        _taken[key] = start
        if taken is not None:
            current_app.send_task(job.task, retry=False)
