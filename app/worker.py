"""The worker process: `celery -A app.worker worker --pool threads ...`, with a dispatcher thread of its own.

Several of them may run against one database; each claims and hints, whoever is free works.
"""

from __future__ import annotations

import sys
from typing import Any

from celery.signals import setup_logging, worker_ready, worker_shutting_down

from app import factory, log, settings
from app.settings import Settings, SettingsError
from app.store.database import DatabaseUnavailable
from tasks import parts as bound
from tasks.celery_app import make_celery
from tasks.dispatch import Dispatcher


def _settings() -> Settings:
    """A setting that cannot be right is a line for the operator, not a stack."""
    try:
        return settings.load()
    except SettingsError as error:
        sys.exit(f"kintsugi: {error}")


SETTINGS = _settings()
log.configure(SETTINGS.log_level)
LOG = log.get("worker")

celery_app = make_celery(SETTINGS.broker_url)

_dispatchers: list[Dispatcher] = []


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone where somebody answers this signal."""


@worker_ready.connect
def _start(**_: Any) -> None:
    try:
        parts = factory.build(SETTINGS)
    except (SettingsError, DatabaseUnavailable) as error:
        # Celery would log any other exception of a signal and go on, as a worker without a dispatcher.
        sys.stderr.write(f"kintsugi: {error}\n")
        sys.exit(1)
    bound.bind(parts)
    dispatcher = Dispatcher(parts)
    _dispatchers.append(dispatcher)
    dispatcher.start()
    LOG.info("worker_ready")


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Claim nothing more; what is under way is finished by Celery's own warm shutdown."""
    for dispatcher in _dispatchers:
        dispatcher.stop(grace=0)
    LOG.info("worker_stopping")
