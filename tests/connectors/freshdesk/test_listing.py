"""The walk along changed tickets: nothing missed, nothing read for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connectors.base import Connector, Line
from connectors.errors import Unavailable
from connectors.freshdesk import FRESHDESK, listing
from connectors.ticket import TicketStatus
from tests.connectors.freshdesk.bodies import KEY, NOW, ticket_body

START = datetime(2026, 3, 1, tzinfo=UTC)


class Lists:
    """The vendor's three lists of tickets by time of change, and what was asked of them."""

    def __init__(self) -> None:
        self.tickets: dict[str, dict[int, datetime]] = {"": {}, "spam": {}, "deleted": {}}
        self.asked: list[tuple[str, str]] = []

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        assert (query["order_by"], query["order_type"], query["per_page"]) == ("updated_at", "asc", "100")
        name, since = query.get("filter", ""), datetime.fromisoformat(query["updated_since"])
        self.asked.append((name, query["page"]))
        there = sorted((at, number) for number, at in self.tickets[name].items() if at >= since)
        first = (int(query["page"]) - 1) * 100
        page = [_listed(number, at) for at, number in there[first : first + 100]]
        return 200, {}, json.dumps(page)


def _listed(number: int, at: datetime) -> dict[str, Any]:
    return ticket_body(id=number, updated_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture
def lists() -> Iterator[Lists]:
    there = Lists()
    with responses.RequestsMock() as mock:
        mock.add_callback("GET", "https://desk.freshdesk.com/api/v2/tickets", callback=there.answer)
        yield there


@pytest.fixture
def desk() -> Connector:
    line = Line(now=lambda: NOW)
    return FRESHDESK.open(subdomain="desk", base_url=None, credentials={"api_key": KEY}, line=line)


def walk(desk: Connector, cursor: str | None = None) -> tuple[dict[str, TicketStatus], str]:
    """One whole round: every ticket that came, and where the next round begins."""
    found: dict[str, TicketStatus] = {}
    for _ in range(50):
        page = desk.read_changes(cursor, START)
        found |= {ticket.id: ticket.status for ticket in page.tickets}
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("the walk does not end")


def test_tickets_spam_and_trash_come_in_one_round(lists: Lists, desk: Connector) -> None:
    lists.tickets = {"": {1: START}, "spam": {2: START}, "deleted": {3: START}}

    found, _ = walk(desk)

    assert found == {"1": TicketStatus.OPEN, "2": TicketStatus.SPAM, "3": TicketStatus.DELETED}
    assert lists.asked == [("", "1"), ("spam", "1"), ("deleted", "1")]


def test_a_long_list_is_walked_by_time_and_not_by_page(lists: Lists, desk: Connector) -> None:
    lists.tickets[""] = {number: START + timedelta(seconds=number) for number in range(1, 451)}

    found, _ = walk(desk)

    assert len(found) == 450
    assert {page for _, page in lists.asked} == {"1"}


def test_a_ticket_that_changes_during_the_walk_hides_no_other(lists: Lists, desk: Connector) -> None:
    lists.tickets[""] = {number: START + timedelta(seconds=number) for number in range(1, 251)}
    first = desk.read_changes(None, START)
    # By pages, the second one would now begin a hundred tickets further on.
    for number in range(1, 101):
        lists.tickets[""][number] = START + timedelta(hours=1, seconds=number)

    found, _ = walk(desk, first.cursor)

    assert {str(number) for number in range(101, 251)} <= set(found)


def test_more_than_a_page_within_one_second_is_walked_by_pages(lists: Lists, desk: Connector) -> None:
    second = START + timedelta(minutes=1)
    lists.tickets[""] = dict.fromkeys(range(1, 251), second) | {300: second + timedelta(seconds=5)}

    found, _ = walk(desk)

    assert len(found) == 251


def test_a_second_that_never_ends_is_told(lists: Lists, desk: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LAST_PAGE", 2)
    lists.tickets[""] = dict.fromkeys(range(1, 400), START)

    with pytest.raises(Unavailable, match="one second"):
        walk(desk)


def test_the_next_round_begins_a_little_before_the_last_change(lists: Lists, desk: Connector) -> None:
    changed = START + timedelta(hours=2)
    lists.tickets[""] = {1: START, 2: changed}
    _, cursor = walk(desk)
    lists.tickets[""][3] = changed - timedelta(seconds=30)  # it shows up late

    found, _ = walk(desk, cursor)

    assert set(found) == {"2", "3"}


def test_what_is_kept_stays_before_unsettled_changes_of_one_list_and_moves_on_in_the_others(
    desk: Connector, lists: Lists
) -> None:
    lists.tickets[""] = {1: START, 2: START + timedelta(hours=3)}
    lists.tickets["spam"] = {3: START, 4: START + timedelta(hours=1)}
    cursor: str | None = None
    for _ in lists.tickets:
        page = desk.read_changes(cursor, START, START + timedelta(hours=2))
        cursor = page.cursor
    assert page.kept is not None

    found, _ = walk(desk, page.kept)

    assert set(found) == {"2", "4"}


@pytest.mark.parametrize("cursor", ["nonsense", "[]", '{"times": ["soon"], "which": 0, "page": 1}'])
def test_a_cursor_that_is_none_of_ours_is_not_guessed_at(desk: Connector, cursor: str) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add("GET", "https://desk.freshdesk.com/api/v2/tickets", json=[])

        with pytest.raises(Unavailable):
            desk.read_changes(cursor, START)
