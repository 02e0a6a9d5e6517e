"""What is asked of a ticket's neighbours: the right ones, within their time, and never another desk's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.store import histories, ratings
from app.store.database import Database
from app.store.models import TrackedTicket
from connectors.ticket import Author
from tests.store.factories import DAY, HOUR, NOW, add_desk, add_message, add_person, add_ticket, given

WINDOW, FORTNIGHT = timedelta(days=90), timedelta(days=14)


@pytest.fixture
def person_id(database: Database, desk_id: int) -> int:
    return add_person(database, desk_id)


@pytest.fixture
def tracked_id(database: Database, desk_id: int, person_id: int) -> int:
    return add_ticket(database, desk_id, person_id=person_id, organization_id="300", scored_at=NOW)


def found(database: Database, desk_id: int, tracked_id: int) -> list[tuple[bool, float | None]]:
    with database.desk(desk_id, read=True) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        rows = histories.neighbours(session, tracked, NOW, own=WINDOW, around=FORTNIGHT)
    return [(row.own, row.lowest_p) for row in rows]


def test_neighbours_are_the_persons_and_their_organisations_newest_first(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    colleague = add_person(database, desk_id, helpdesk_id="56")
    for lowest, who, where, ago in (
        (0.1, person_id, None, 80 * DAY),
        (0.2, person_id, None, 90 * DAY),
        (0.3, colleague, "300", 13 * DAY),
        (0.4, colleague, "300", 14 * DAY),
        (0.5, colleague, "301", DAY),
        (0.6, person_id, "300", DAY),
    ):
        add_ticket(database, desk_id, person_id=who, organization_id=where, scored_at=NOW - ago, lowest_p=lowest)

    assert found(database, desk_id, tracked_id) == [(True, 0.6), (False, 0.3), (True, 0.1)]


def test_without_an_organisation_only_the_persons_own_tickets_count(
    database: Database, desk_id: int, person_id: int
) -> None:
    alone = add_ticket(database, desk_id, person_id=person_id, scored_at=NOW)
    stranger = add_person(database, desk_id, helpdesk_id="56")
    add_ticket(database, desk_id, person_id=stranger, scored_at=NOW, lowest_p=0.1)
    add_ticket(database, desk_id, person_id=person_id, scored_at=NOW, lowest_p=0.2)

    assert found(database, desk_id, alone) == [(True, 0.2)]


def test_what_a_neighbour_tells_is_complete(database: Database, desk_id: int, person_id: int, tracked_id: int) -> None:
    add_ticket(
        database,
        desk_id,
        person_id=person_id,
        scored_at=NOW,
        solved_at=NOW - DAY,
        lowest_p=0.4,
        lowest_at=NOW - HOUR,
        failed_at=NOW - DAY,
        topic=[3, 4],
    )

    with database.desk(desk_id, read=True) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        (row,) = histories.neighbours(session, tracked, NOW, own=WINDOW, around=FORTNIGHT)

    assert row == histories.Neighbour(
        own=True,
        solved_at=NOW - DAY,
        lowest_p=0.4,
        lowest_at=NOW - HOUR,
        failed_at=NOW - DAY,
        topic=(3, 4),
        cause=None,
    )


def test_an_organisation_of_another_desk_is_another_one(database: Database, desk_id: int, tracked_id: int) -> None:
    other = add_desk(database, "Second shop")
    add_ticket(database, other, organization_id="300", scored_at=NOW, lowest_p=0.1)

    assert found(database, desk_id, tracked_id) == []


def rate(database: Database, desk_id: int, person_id: int, organization_id: str | None, value: float) -> None:
    tracked_id = add_ticket(database, desk_id, person_id=person_id, organization_id=organization_id)
    with database.desk(desk_id) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        ratings.record(session, row, given(rating_id=f"r{tracked_id}", value=value))


def test_ratings_of_a_segment_are_those_of_others_in_the_organisation(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    colleague = add_person(database, desk_id, helpdesk_id="56")
    rate(database, desk_id, colleague, "300", 0.25)
    rate(database, desk_id, colleague, "301", 0.5)
    rate(database, desk_id, colleague, None, 0.75)
    rate(database, desk_id, person_id, "300", 1.0)

    with database.desk(desk_id, read=True) as session:
        given_by_others = histories.segment_ratings(session, session.get_one(TrackedTicket, tracked_id))

    assert given_by_others == [(NOW, 0.25)]


def test_without_an_organisation_there_is_no_segment(database: Database, desk_id: int, person_id: int) -> None:
    alone = add_ticket(database, desk_id, person_id=person_id)

    with database.desk(desk_id, read=True) as session:
        assert histories.segment_ratings(session, session.get_one(TrackedTicket, alone)) == ()


def test_conversations_are_what_customers_and_agents_said_in_public_in_order(
    database: Database, desk_id: int, tracked_id: int
) -> None:
    later = add_ticket(database, desk_id)
    for at, author, public in (
        (2, Author.AGENT, True),
        (0, Author.CUSTOMER, True),
        (1, Author.AGENT, False),
        (1, Author.SYSTEM, True),
        (1, Author.PARTICIPANT, True),
    ):
        add_message(database, desk_id, tracked_id, at=NOW + at * HOUR, author=author, public=public)
    add_message(database, desk_id, later, at=NOW)

    with database.desk(desk_id, read=True) as session:
        conversations = list(histories.conversations(session))

    assert conversations == [[(False, NOW), (True, NOW + 2 * HOUR)], [(False, NOW)]]
