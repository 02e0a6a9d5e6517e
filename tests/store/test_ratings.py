"""Ratings at the helpdesk: append-only, and the same one only once."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import ratings
from app.store.database import Database
from app.store.models import RatingRow, TrackedTicket
from tests.store.factories import DAY, NOW, add_person, add_ticket, all_rows, given


def record(database: Database, desk_id: int, tracked_id: int, **values: Any) -> bool:
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        return ratings.record(session, tracked, given(**values)) is not None


def test_a_rating_keeps_who_had_the_ticket(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id)
    tracked_id = add_ticket(database, desk_id, person_id=person_id, assignee_id="34", group_id="12")

    assert record(database, desk_id, tracked_id)

    (row,) = all_rows(database, RatingRow)
    assert (row.tracked_id, row.person_id, row.assignee_id, row.group_id) == (tracked_id, person_id, "34", "12")
    assert (row.value, row.original, row.scale, row.at) == (0.0, "bad", "good_bad", NOW)


def test_a_rating_delivered_again_is_stored_once(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    outcomes = [record(database, desk_id, tracked_id) for _ in range(3)]

    assert outcomes == [True, False, False]
    assert len(all_rows(database, RatingRow)) == 1


def test_a_rating_that_was_changed_is_another_row(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    record(database, desk_id, tracked_id)

    assert record(database, desk_id, tracked_id, value=1.0, original="good", at=NOW + DAY)

    with database.desk(desk_id, read=True) as session:
        newest = ratings.newest(session, tracked_id)
    assert newest is not None
    assert (newest.original, len(all_rows(database, RatingRow))) == ("good", 2)


@pytest.mark.parametrize(("comment", "kept"), [("never again", True), ("", False)])
def test_a_comment_is_stored_sealed_and_none_as_none(
    database: Database, desk_id: int, comment: str, kept: bool
) -> None:
    record(database, desk_id, add_ticket(database, desk_id), comment=comment)

    (row,) = all_rows(database, RatingRow)
    assert (row.sealed_comment is not None) is kept
    assert b"never again" not in bytes(row.sealed_comment or b"")


def test_a_ticket_without_a_rating_has_none(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        assert ratings.newest(session, add_ticket(database, desk_id)) is None


def test_earlier_ratings_of_a_person_are_those_of_other_tickets(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id)
    tickets = [add_ticket(database, desk_id, person_id=person_id) for _ in range(4)]
    for number, tracked_id in enumerate(tickets):
        at = NOW + number * DAY
        record(database, desk_id, tracked_id, rating_id=f"r{number}", value=number / 4, original=str(number), at=at)

    with database.desk(desk_id, read=True) as session:
        found = ratings.history(session, person_id, tickets[1])

    assert found == [(NOW + 3 * DAY, 0.75), (NOW + 2 * DAY, 0.5), (NOW, 0.0)]
