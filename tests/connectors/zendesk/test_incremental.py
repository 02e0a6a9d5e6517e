"""The incremental export and the lists of ratings, page by page; the sandbox's half of it is in the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Refused, Unavailable
from connectors.ticket import TicketStatus
from connectors.zendesk import incremental
from tests.connectors.zendesk.bodies import ticket_body

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)


class Vendor:
    """Answers one call after another, and remembers what it was asked."""

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        self.asked.append((path, dict(query)))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*tickets: Any, cursor: str | None = "c2", end: bool = True) -> dict[str, Any]:
    return {"tickets": list(tickets), "after_cursor": cursor, "end_of_stream": end}


def survey_row(ticket: int, rating: int | None) -> dict[str, Any]:
    answer = {"type": "rating_scale", "rating": rating, "rating_category": "bad", "updated_at": "2026-03-02T08:00:00Z"}
    return {"id": f"R{ticket}", "subject_zrns": [f"zen:ticket:{ticket}"], "answers": [answer] if rating else []}


def legacy_row(ticket: int, score: str) -> dict[str, Any]:
    return {"id": 70 + ticket, "ticket_id": ticket, "score": score, "updated_at": "2026-03-02T08:00:00Z"}


def test_a_walk_begins_at_its_start():
    vendor = Vendor(page(ticket_body()))

    changes = incremental.read_changes(vendor, None, SINCE, NOW)

    assert vendor.asked[0][1]["start_time"] == str(int(SINCE.timestamp()))
    assert [ticket.id for ticket in changes.tickets] == ["35"]
    assert (changes.cursor, changes.more) == ("c2", False)


def test_a_start_is_never_less_than_a_minute_ago():
    vendor = Vendor(page(cursor=None))

    changes = incremental.read_changes(vendor, None, NOW, NOW)

    assert int(vendor.asked[0][1]["start_time"]) <= (NOW - timedelta(seconds=60)).timestamp()
    assert (changes.tickets, changes.cursor, changes.more) == ((), "", False)


def test_a_walk_goes_on_from_its_cursor():
    vendor = Vendor(page(ticket_body(), end=False))

    changes = incremental.read_changes(vendor, "c1", SINCE, NOW)

    assert vendor.asked[0][1]["cursor"] == "c1"
    assert "start_time" not in vendor.asked[0][1]
    assert changes.more


def test_the_end_of_the_stream_keeps_the_cursor():
    assert incremental.read_changes(Vendor(page(cursor=None)), "c1", SINCE, NOW).cursor == "c1"


@pytest.mark.parametrize(("said", "status"), [("scrubbed", TicketStatus.DELETED), ("open", TicketStatus.OPEN)])
def test_a_ticket_that_makes_no_sense_is_known_by_its_id(said: str, status: TicketStatus):
    vendor = Vendor(page(ticket_body(requester_id=None, status=said)))

    (ticket,) = incremental.read_changes(vendor, None, SINCE, NOW).tickets

    assert (ticket.id, ticket.status, ticket.stamp) == ("35", status, ticket_body()["updated_at"])


@pytest.mark.parametrize("body", [{"tickets": None}, {"tickets": [{"id": 5}], "after_cursor": "c"}])
def test_a_page_that_makes_no_sense_is_tried_again(body: dict[str, Any]):
    with pytest.raises(Unavailable):
        incremental.read_changes(Vendor(body), None, SINCE, NOW)


def test_ratings_come_from_surveys_first_and_then_from_the_ticket_ratings():
    surveys = {"survey_responses": [survey_row(1, 2), survey_row(2, None)], "meta": {"has_more": False}}
    legacy = {"satisfaction_ratings": [legacy_row(3, "bad"), legacy_row(4, "offered")], "meta": {"has_more": False}}
    vendor = Vendor(surveys, legacy)

    first = incremental.read_rated(vendor, None, SINCE)
    second = incremental.read_rated(vendor, first.cursor, SINCE)

    assert [(ticket, rating.original) for ticket, rating in first.ratings] == [("1", "2")]
    assert [(ticket, rating.original) for ticket, rating in second.ratings] == [("3", "bad")]
    assert (first.more, second.more) == (True, False)
    assert vendor.asked[0][1]["filter[created_at_start]"] == str(int(SINCE.timestamp()) * 1000)
    assert vendor.asked[1][1]["start_time"] == str(int(SINCE.timestamp()))


def test_pages_of_ratings_follow_one_another():
    more = {"survey_responses": [], "meta": {"has_more": True, "after_cursor": "p2"}}
    vendor = Vendor(more, more)

    first = incremental.read_rated(vendor, None, SINCE)
    incremental.read_rated(vendor, first.cursor, SINCE)

    assert vendor.asked[1][1]["page[after]"] == "p2"


def test_an_account_without_either_system_has_no_ratings():
    rated = incremental.read_rated(Vendor(Refused("not in this plan"), Refused("nor this")), None, SINCE)

    assert (rated.ratings, rated.more) == ((), False)


def test_refused_credentials_are_told():
    with pytest.raises(Refused):
        incremental.read_rated(Vendor(Refused("who are you", auth=True)), None, SINCE)
