"""Which task goes to which queue. A test holds every task to this list and every queue to a worker that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIVE = "live"  # tickets and surveys: what a customer or an agent waits for
UPKEEP = "upkeep"  # sweeps and retention
LEARNING = "learning"  # models of desks, beside everything else

QUEUES = (LIVE, UPKEEP, LEARNING)

ROUTES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "inbox.look": {"queue": LIVE},
        "sweeping.sweep": {"queue": LIVE},
        "scoring.rescore": {"queue": LIVE},
        "surveys.send": {"queue": LIVE},
        "upkeep.sweep": {"queue": UPKEEP},
        "upkeep.forget": {"queue": UPKEEP},
        "upkeep.norms": {"queue": UPKEEP},
        "targets.sweep": {"queue": UPKEEP},
        "escalating.sweep": {"queue": UPKEEP},
        "reconcile.walk": {"queue": UPKEEP},
        "schedule.tick": {"queue": UPKEEP},
        "learning.look": {"queue": LEARNING},
    }
)
