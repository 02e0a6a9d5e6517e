"""An import of history: one process at a time, figures that only grow, and tickets in one pair of hands."""

from __future__ import annotations

from datetime import datetime

from app.store import backfills
from app.store.backfills import Done
from app.store.database import Database
from app.store.models import Backfill, TrackedTicket
from tests.store.factories import DAY, MINUTE, NOW, add_ticket, all_rows, together

LEASE = 3 * MINUTE


def begin(database: Database, desk_id: int, *, since: datetime | None = None, at: datetime = NOW) -> int | None:
    with database.desk(desk_id) as session:
        return backfills.begin(session, desk_id, at, since=since, until=NOW)


def take(database: Database, desk_id: int, ticket_id: str = "7", at: datetime = NOW) -> TrackedTicket | None:
    with database.desk(desk_id) as session:
        return backfills.take_ticket(session, desk_id, ticket_id, at, LEASE)


def test_ninety_days_are_brought_in_unless_told_otherwise(database: Database, desk_id: int) -> None:
    begin(database, desk_id)

    (row,) = all_rows(database, Backfill)
    assert (row.since, row.until, row.reached) == (NOW - 90 * DAY, NOW, NOW - 90 * DAY)


def test_of_several_processes_one_is_at_it(database: Database, desk_id: int) -> None:
    assert sorted(together(3, lambda _: begin(database, desk_id)), key=str) == [1, None, None]


def test_one_that_was_killed_is_taken_up_later(database: Database, desk_id: int) -> None:
    begin(database, desk_id)

    assert begin(database, desk_id, at=NOW + MINUTE) is None
    assert begin(database, desk_id, at=NOW + 2 * MINUTE) == 2


def test_one_that_was_left_is_taken_up_at_once(database: Database, desk_id: int) -> None:
    fence = begin(database, desk_id)
    assert fence is not None
    with database.desk(desk_id) as session:
        backfills.leave(session, fence)

    assert begin(database, desk_id) == 2


def test_figures_add_up_under_the_fence(database: Database, desk_id: int) -> None:
    fence = begin(database, desk_id)
    assert fence is not None
    with database.desk(desk_id) as session:
        row = backfills.held(session, fence, NOW)
        assert row is not None
        backfills.note(row, Done(imported=2, ratings=1, seconds=1.5))
        backfills.note(row, Done(skipped=1, failed=1))
        assert backfills.held(session, fence + 1, NOW) is None

    (row,) = all_rows(database, Backfill)
    assert (row.imported, row.ratings, row.skipped, row.failed, row.seconds) == (2, 1, 1, 1, 1.5)


def test_an_earlier_start_begins_anew_and_a_later_one_does_not(database: Database, desk_id: int) -> None:
    begin(database, desk_id, since=NOW - 10 * DAY)
    with database.desk(desk_id) as session:
        row = backfills.find(session)
        assert row is not None
        row.cursor, row.finished_at, row.lease_until = "c", NOW, None

    begin(database, desk_id, since=NOW - 5 * DAY)
    assert all_rows(database, Backfill)[0].cursor == "c"
    begin(database, desk_id, since=NOW - 20 * DAY, at=NOW + 5 * MINUTE)

    (row,) = all_rows(database, Backfill)
    assert (row.cursor, row.finished_at, row.reached) == (None, None, NOW - 20 * DAY)


def test_a_ticket_is_taken_once(database: Database, desk_id: int) -> None:
    taken = take(database, desk_id)

    assert taken is not None
    assert (taken.imported_at, taken.dirty, taken.due_at) == (NOW, 0, None)
    assert take(database, desk_id) is None


def test_a_ticket_whose_import_was_cut_off_is_taken_again(database: Database, desk_id: int) -> None:
    take(database, desk_id)

    again = take(database, desk_id, at=NOW + 4 * MINUTE)

    assert again is not None
    assert again.fence == 2
    assert len(all_rows(database, TrackedTicket)) == 1


def test_what_a_webhook_told_of_is_not_ours(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, ticket_id="7")

    assert take(database, desk_id) is None
    with database.desk(desk_id, read=True) as session:
        assert backfills.is_settled(session, "7", NOW)
        assert not backfills.is_settled(session, "8", NOW)
