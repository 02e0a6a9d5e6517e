"""Tickets that nobody told of are looked at once for each change, and counted by day."""

from __future__ import annotations

from datetime import timedelta

from app.store import gaps
from app.store.database import Database, Purpose
from app.store.models import TrackedTicket
from tests.store.factories import DAY, NOW, add_delivery, add_desk, add_ticket, all_rows


def look_at(database: Database, desk_id: int, ticket_id: str = "7", mark: str = "one") -> bool:
    with database.desk(desk_id) as session:
        return gaps.look_at(session, desk_id, ticket_id, mark, NOW)


def test_a_ticket_never_heard_of_is_put_under_watch(database: Database, desk_id: int) -> None:
    assert look_at(database, desk_id)

    (row,) = all_rows(database, TrackedTicket)
    assert (row.ticket_id, row.dirty, row.done, row.due_at, row.rating_dirty) == ("7", 1, 0, NOW, 1)


def test_a_known_ticket_is_due_with_its_ratings(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, ticket_id="7", dirty=3, done=3, due_at=None)

    assert look_at(database, desk_id)

    (row,) = all_rows(database, TrackedTicket)
    assert (row.dirty, row.due_at, row.rating_dirty) == (4, NOW, 4)


def test_one_change_is_looked_at_once(database: Database, desk_id: int) -> None:
    look_at(database, desk_id)

    assert not look_at(database, desk_id)
    assert look_at(database, desk_id, mark="two")
    (row,) = all_rows(database, TrackedTicket)
    assert row.dirty == 2


def test_a_ticket_that_was_given_up_is_revived(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, ticket_id="7", dirty=1, done=0, due_at=None, dead_at=NOW - DAY, attempts=6)

    look_at(database, desk_id)

    (row,) = all_rows(database, TrackedTicket)
    assert (row.dead_at, row.attempts) == (None, 0)


def test_the_same_number_at_another_desk_is_another_ticket(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other")
    look_at(database, desk_id)

    assert look_at(database, other)
    assert len(all_rows(database, TrackedTicket)) == 2


def test_gaps_are_counted_by_day(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        gaps.count(session, desk_id, NOW - DAY, tickets=2)
        gaps.count(session, desk_id, NOW, tickets=1)
        session.flush()
        gaps.count(session, desk_id, NOW + timedelta(minutes=1), tickets=1, ratings=3)
        gaps.count(session, desk_id, NOW + DAY)

    with database.desk(desk_id, read=True) as session:
        days = gaps.per_day(session, (NOW - 7 * DAY).date())
        assert [(day.tickets, day.ratings) for day in days] == [(2, 3), (2, 0)]
        assert days[0].day == NOW.date()
    with database.system(Purpose.OPERATE, read=True) as session:
        assert gaps.totals(session) == {desk_id: (4, 3)}
        assert gaps.totals(session, since=NOW.date()) == {desk_id: (2, 3)}


def test_a_rating_whose_webhook_waits_was_told(database: Database, desk_id: int) -> None:
    add_delivery(database, desk_id, ticket_id="7", type="rating.received")
    add_delivery(database, desk_id, ticket_id="8", type="message.added")

    with database.desk(desk_id, read=True) as session:
        assert gaps.told_of(session, ["7", "8"], "rating.received") == {"7"}
