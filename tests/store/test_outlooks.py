"""Outlooks: open tickets that are still good and about to turn, those with the least time left first."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import outlooks
from app.store.database import Database
from app.words import Level, SatState
from tests.store.factories import DAY, HOUR, NOW, add_case, add_desk, add_message, add_ticket


def add_good(database: Database, desk_id: int, **columns: Any) -> int:
    """An open ticket that is good and getting worse."""
    defaults: dict[str, Any] = {
        "state": SatState.GOOD_WORSENING,
        "level": Level.GOOD,
        "score": 60,
        "status": "open",
        "state_since": NOW - HOUR,
        "sealed_subject": database.vault.seal("My lamp"),
    }
    return add_ticket(database, desk_id, **defaults | columns)


def listed(database: Database, desk_id: int, **asked: Any) -> list[str]:
    with database.desk(desk_id, read=True) as session:
        return [one.ticket_id for one in outlooks.about_to_turn(session, **asked).items]


@pytest.mark.capability("PRV-01")
def test_those_with_the_least_time_left_come_first(database: Database, desk_id: int) -> None:
    add_good(database, desk_id, ticket_id="never", score=51)
    add_good(database, desk_id, ticket_id="tomorrow", turns_poor_at=NOW + DAY)
    add_good(database, desk_id, ticket_id="soon", turns_poor_at=NOW + HOUR)
    add_good(database, desk_id, ticket_id="lower", score=50)

    assert listed(database, desk_id) == ["soon", "tomorrow", "lower", "never"]


@pytest.mark.parametrize(
    "columns",
    [
        {"state": SatState.POOR_WORSENING},
        {"state": SatState.GOOD_IMPROVING},
        {"status": "solved"},
        {"dead_at": NOW},
        {"merged_into": "9"},
        {"gone_at": NOW},
        {"erased_at": NOW},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_nothing_is_said_of_others(database: Database, desk_id: int, columns: dict[str, Any]) -> None:
    add_good(database, desk_id, **columns)

    assert listed(database, desk_id) == []


def test_a_good_ticket_that_waiting_makes_poor_is_listed(database: Database, desk_id: int) -> None:
    add_good(database, desk_id, ticket_id="1", state=SatState.GOOD_IMPROVING, turns_poor_at=NOW + HOUR)

    with database.desk(desk_id, read=True) as session:
        (found,) = outlooks.about_to_turn(session).items

    assert (found.ticket_id, found.turns_at, found.worsening_since) == ("1", NOW + HOUR, None)


def test_a_ticket_that_is_being_recovered_is_not_listed(database: Database, desk_id: int) -> None:
    add_case(database, desk_id, add_good(database, desk_id))

    assert listed(database, desk_id) == []


def test_who_waits_and_since_when_is_told(database: Database, desk_id: int) -> None:
    tracked_id = add_good(database, desk_id)
    add_message(database, desk_id, tracked_id)

    with database.desk(desk_id, read=True) as session:
        (found,) = outlooks.about_to_turn(session).items

    assert (found.subject, found.waiting_since, found.worsening_since) == ("My lamp", NOW, NOW - HOUR)


def test_warnings_come_by_team_page_and_desk(database: Database, desk_id: int) -> None:
    for number in range(outlooks.PAGE + 1):
        add_good(database, desk_id, ticket_id=f"t{number:03}", group_id="7")
    add_good(database, desk_id, ticket_id="other", group_id="8")

    assert listed(database, desk_id, group_id="8") == ["other"]
    assert listed(database, desk_id, group_id="7", page=99) == ["t050"]
    assert listed(database, add_desk(database, "Second shop")) == []
