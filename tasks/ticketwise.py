"""What sweeps do to tickets: each in a transaction of its own, which locks the ticket first as every worker does.

So a sweep and a worker never wait for each other, and what fails on one ticket holds up no other. What was found to do
was read before; whoever does it looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session

from app import log
from app.store import desks, tracked_tickets
from app.store.database import Database, Purpose
from tasks.parts import current

LOG = log.get("tasks")

_Found = TypeVar("_Found")


def desk_ids(database: Database) -> list[int]:
    """Every desk."""
    with database.system(Purpose.OPERATE, read=True) as session:
        return [desk.id for desk in desks.all_of(session)]


def each(
    desk_id: int,
    find: Callable[[Session], Iterable[tuple[int, _Found]]],
    do: Callable[[Session, _Found], bool],
) -> int:
    """Do what is found, as (tracked id, what); how often something was done. What fails is logged, and left for the
    next sweep."""
    tried = _tried(desk_id, partial(_find, desk_id, find))
    return sum(bool(_tried(desk_id, partial(_do, desk_id, tracked_id, do, found))) for tracked_id, found in tried or ())


def _find(desk_id: int, find: Callable[[Session], Iterable[tuple[int, _Found]]]) -> list[tuple[int, _Found]]:
    with current().database.desk(desk_id, read=True) as session:
        return list(find(session))


def _do(desk_id: int, tracked_id: int, do: Callable[[Session, _Found], bool], found: _Found) -> bool:
    with current().database.desk(desk_id) as session:
        tracked_tickets.lock(session, tracked_id)
        return do(session, found)


_Result = TypeVar("_Result")


def _tried(desk_id: int, work: Callable[[], _Result]) -> _Result | None:
    try:
        return work()
    except Exception as error:
        # As with a ticket's own work: whatever went wrong is told, and is tried again at the next sweep.
        LOG.error("sweep_failed", desk_id=desk_id, error=error)
        return None
