"""What a task or a page works with, joined once per process by `app.factory` and handed down. No logic lives here."""

from __future__ import annotations

from dataclasses import dataclass

from app.clock import Clock
from app.connect import Connections
from app.outbound import Outbound
from app.settings import Settings
from app.store.database import Database
from tasks.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The joined parts of one process."""

    settings: Settings
    database: Database
    clock: Clock
    models: Models
    connections: Connections
    outbound: Outbound


_bound: list[Parts] = []


def bind(parts: Parts) -> None:
    """Give this process's tasks their parts; the last call wins."""
    _bound[:] = [parts]


def current() -> Parts:
    """Raises RuntimeError in a process where nothing was bound, which is a programming error."""
    if not _bound:
        raise RuntimeError("no parts are bound in this process")
    return _bound[0]
