"""The turn of a desk's endless walk: one holder at a time, and a cursor that only its holder moves."""

from __future__ import annotations

from datetime import timedelta

from app.store import desks, walks
from app.store.database import Database, Purpose
from app.store.models import Reconcile
from tests.store.factories import MINUTE, NOW, add_desk, together


def begin(database: Database, desk_id: int, *, minutes: float = 0) -> int | None:
    with database.desk(desk_id) as session:
        row = walks.begin(session, desk_id, NOW + minutes * MINUTE, began_at=NOW)
    return row.fence if row is not None else None


def due(database: Database, *, minutes: float = 0) -> list[int]:
    with database.system(Purpose.OPERATE, read=True) as session:
        return list(walks.due_desks(session, NOW + minutes * MINUTE))


def test_a_desk_that_was_never_walked_is_due(database: Database, desk_id: int) -> None:
    assert due(database) == [desk_id]


def test_of_several_workers_one_has_the_turn(database: Database, desk_id: int) -> None:
    fences = together(4, lambda _: begin(database, desk_id))

    assert sorted(fences, key=str) == [1, None, None, None]
    assert due(database) == []


def test_a_turn_that_ended_is_due_again_when_it_said(database: Database, desk_id: int) -> None:
    fence = begin(database, desk_id)
    assert fence is not None
    with database.desk(desk_id) as session:
        row = walks.held(session, fence, NOW)
        assert row is not None
        walks.finish(row, due_at=NOW + 5 * MINUTE, arrived_at=NOW, error=None)

    assert (due(database, minutes=4), due(database, minutes=5)) == ([], [desk_id])
    assert begin(database, desk_id, minutes=4) is None
    assert begin(database, desk_id, minutes=5) == 2


def test_the_turn_of_a_dead_worker_is_taken_over(database: Database, desk_id: int) -> None:
    begin(database, desk_id)

    assert begin(database, desk_id, minutes=4) is None
    assert begin(database, desk_id, minutes=6) == 2
    with database.desk(desk_id) as session:
        assert walks.held(session, 1, NOW + 6 * MINUTE) is None
        assert walks.held(session, 2, NOW + 6 * MINUTE) is not None


def test_trouble_keeps_the_time_of_the_last_arrival(database: Database, desk_id: int) -> None:
    fence = begin(database, desk_id)
    assert fence is not None
    with database.desk(desk_id) as session:
        row = walks.held(session, fence, NOW)
        assert row is not None
        row.arrived_at = NOW - MINUTE
        walks.finish(row, due_at=NOW, arrived_at=None, error="away")

    with database.system(Purpose.OPERATE, read=True) as session:
        assert walks.arrivals(session) == [(desk_id, NOW - MINUTE, "away")]


def test_paused_and_blocked_desks_have_no_turn(database: Database, desk_id: int) -> None:
    blocked = add_desk(database, "Blocked")
    with database.desk(desk_id) as session:
        desks.pause(session, desk_id, "a test")
    with database.desk(blocked) as session:
        desks.block(session, blocked, NOW + timedelta(hours=1))

    assert due(database) == []


def test_each_desk_walks_by_itself(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other")

    assert (begin(database, desk_id), begin(database, other)) == (1, 1)
    with database.desk(other, read=True) as session:
        found = walks.find(session)
        assert isinstance(found, Reconcile)
        assert found.desk_id == other
