"""Scheduled jobs as unique slots in a table: every dispatcher tries, the first one runs the job. Celery's beat may call
`tick` as well; two of them do no harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from app import log
from app.clock import real_now
from app.store import slots
from app.store.database import Database, Purpose
from tasks.parts import Parts, current

LOG = log.get("schedule")

LEAST_EXPIRY = 10.0  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task and how often it runs; a turn that nobody was there for is not caught up."""

    task: str
    every: timedelta | None = None  #: without one as often as `KINTSUGI_SWEEP_SECONDS` says, in whole seconds


JOBS: tuple[Job, ...] = (
    Job(task="upkeep.sweep"),
    Job(task="upkeep.forget", every=timedelta(hours=6)),
    Job(task="learning.look", every=timedelta(minutes=1)),
    Job(task="upkeep.norms", every=timedelta(hours=6)),
    Job(task="targets.sweep"),
    Job(task="escalating.sweep"),
    Job(task="reconcile.walk", every=timedelta(minutes=1)),
)

#: What `celery beat` needs to know, where somebody runs one.
BEAT: dict[str, dict[str, Any]] = {"tick": {"task": "schedule.tick", "schedule": 60.0}}


class Turns:
    """What this process remembers of the slots, so that it asks the database only for a new one."""

    def __init__(self) -> None:
        self.asked_at: datetime | None = None
        self.taken: dict[str, datetime] = {}  #: by task, the slot that somebody has

    def ask(self, now: datetime) -> bool:
        """Whether it is time to look: at most once a second."""
        if self.asked_at is not None and now - self.asked_at < timedelta(seconds=1):
            return False
        self.asked_at = now
        return True


_turns: WeakKeyDictionary[Database, Turns] = WeakKeyDictionary()


@shared_task(name="schedule.tick")
def tick() -> None:
    """Hint every job whose slot nobody has taken yet."""
    _take_slots(current(), real_now())


def tick_due(parts: Parts, now: datetime) -> None:
    """The dispatcher's own tick: at most one look at the slots per second."""
    if _turns.setdefault(parts.database, Turns()).ask(now):
        _take_slots(parts, now)


def _take_slots(parts: Parts, now: datetime) -> None:
    taken = _turns.setdefault(parts.database, Turns()).taken
    for job in JOBS:
        every = job.every or parts.settings.sweep_every
        start = slots.slot_start(now, every)
        if taken.get(job.task) == start:
            continue
        with parts.database.system(Purpose.OPERATE) as session:
            ours = slots.take(session, job.task, every, now) is not None
        if not ours or _hint(parts, job, every, start):
            taken[job.task] = start


def _hint(parts: Parts, job: Job, every: timedelta, start: datetime) -> bool:
    """Have a worker run the job; where the broker takes no hints, the slot is given back for another try."""
    try:
        # A hint that nobody took while its turn lasted is worth nothing, but for very short turns on a busy machine.
        current_app.send_task(job.task, retry=False, expires=max(LEAST_EXPIRY, every.total_seconds()))
    except OperationalError as error:
        LOG.warning("broker_unavailable", error=error, task=job.task)
        with parts.database.system(Purpose.OPERATE) as session:
            slots.give_back(session, job.task, start)
        return False
    return True
