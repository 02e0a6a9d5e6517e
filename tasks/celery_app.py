"""The Celery application: a channel for hints. Rows hold the truth, so nothing is retried, delayed or acked late."""

from __future__ import annotations

from celery import Celery
from kombu import Queue

from tasks.queues import LIVE, QUEUES, ROUTES
from tasks.schedule import BEAT

MODULES = (
    "tasks.inbox",
    "tasks.sweeping",
    "tasks.scoring",
    "tasks.surveys",
    "tasks.upkeep",
    "tasks.targets",
    "tasks.escalating",
    "tasks.schedule",
    "tasks.learning",
    "tasks.reconcile",
)

#: With a host's name that nobody connects to, since kombu warns of every URL without one.
IN_MEMORY_URL = "memory://localhost/"

#: Measured for one process: short polls make hints quick, and prefetching hides the polls.
_IN_MEMORY = {"polling_interval": 0.02}
_REDIS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "visibility_timeout": 3600,
    # A publisher that cannot connect is told at once: the dispatcher gives the rows back and asks again by itself.
    "max_retries": 0,
}


def make_celery(broker_url: str) -> Celery:
    """The application for this broker, as the current one of the process."""
    in_memory = broker_url.startswith("memory:")
    app = Celery("kintsugi", broker=IN_MEMORY_URL if in_memory else broker_url, include=MODULES, set_as_current=True)
    # The current application is a thread's own; the dispatcher's thread finds the default one.
    app.set_default()
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=False,
        task_publish_retry=False,
        task_default_queue=LIVE,
        task_queues=[Queue(name) for name in QUEUES],
        task_create_missing_queues=False,
        task_routes={name: dict(route) for name, route in ROUTES.items()},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker outlives any outage of its broker
        broker_connection_timeout=5,
        broker_transport_options=_IN_MEMORY if in_memory else _REDIS,
        beat_schedule=BEAT,
        enable_utc=True,
        timezone="UTC",
    )
    return app
