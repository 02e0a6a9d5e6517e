"""A task that does nothing, under the same settings as ours: the floor under any Celery task."""

from __future__ import annotations

import os

from celery import Celery

from tasks.queues import LIVE

celery_app = Celery("empty", broker=os.environ.get("EMPTY_BROKER_URL", "memory://"), set_as_current=False)
celery_app.conf.update(
    task_ignore_result=True, task_default_queue=LIVE, worker_prefetch_multiplier=1, worker_enable_remote_control=False
)


@celery_app.task(name="empty")
def empty(number: int) -> None:
    """Nothing."""
