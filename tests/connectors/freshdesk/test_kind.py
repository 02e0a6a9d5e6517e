"""What is known before a desk is opened, and what recorded bodies are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base import Line
from connectors.errors import BadBody, ConnectorError
from connectors.freshdesk import FRESHDESK
from connectors.recording import plain, read_recorded
from tests.connectors.freshdesk.bodies import KEY, NOW, agent_body, conversation_body, ticket_body


def opened(subdomain: str = "desk", base_url: str | None = None, **credentials: str) -> None:
    FRESHDESK.open(subdomain=subdomain, base_url=base_url, credentials=credentials, line=Line(now=lambda: NOW)).close()


def test_a_key_opens_a_desk() -> None:
    opened(api_key=KEY, statuses="6=pending")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "api_key"),
        ({"api_key": "with space"}, "api_key"),
        ({"api_key": "with:colon"}, "api_key"),
        ({"api_key": KEY, "email": "a@example.com"}, "email"),
        ({"api_key": KEY, "statuses": "6"}, "statuses"),
        ({"api_key": KEY, "subdomain": "desk.freshdesk.com"}, "subdomain"),
        ({"api_key": KEY, "base_url": "https://example.com"}, "base_url"),
    ],
)
def test_what_cannot_be_right_is_named_without_its_value(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        opened(**given)

    assert "with" not in str(caught.value).replace("without", "")
    assert KEY not in str(caught.value)


def test_a_person_opens_a_ticket_where_agents_do() -> None:
    def url(base_url: str | None) -> str:
        return FRESHDESK.ticket_url(subdomain="desk", base_url=base_url, ticket_id="35")

    assert url(None) == "https://desk.freshdesk.com/a/tickets/35"
    assert url("http://127.0.0.1:9/") == "http://127.0.0.1:9/a/tickets/35"


def explained(body: Any) -> tuple[str, Any]:
    found = FRESHDESK.explain(read_recorded(json.dumps(body).encode()))
    return found.sort, found.value


@pytest.mark.parametrize(
    ("body", "sort"),
    [
        (ticket_body(), "ticket"),
        ([ticket_body(), ticket_body(id=36)], "tickets"),
        ({"results": [ticket_body()], "total": 1}, "tickets"),
        ([conversation_body()], "comments"),
        (agent_body(), "user"),
        ({"id": 4, "name": "A", "email": "a@example.com", "mobile": None}, "user"),
        ({"id": 7, "name": "Recovery", "escalate_to": None, "unassigned_for": None}, "group"),
        ([{"id": 8, "name": "Example", "domains": []}], "companies"),
        ({"id": 9, "ratings": {"default_question": 103}, "created_at": "2026-03-02T09:00:00Z"}, "rating"),
        ({"id": 9, "title": "Hello", "content_html": "<p>x</p>"}, "macro"),
        ({"kintsugi": 1, "ticket_id": "35"}, "delivery"),
        ({"event": "onTicketCreate", "data": {"ticket": {"id": 35}}}, "delivery"),
        ({"code": "access_denied", "message": "no"}, "error"),
        ({"one": {"code": "too_many_requests", "message": "no"}}, "errors"),
        ({"id": 3, "billable": True}, "other"),
        ([{"id": 3, "billable": True}], "other"),
        ([], "other"),
        ({"job_id": "x"}, "other"),
    ],
)
def test_a_recorded_body_is_known_by_what_it_holds(body: Any, sort: str) -> None:
    found, value = explained(body)

    assert found == sort
    json.dumps(plain(value))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"code": "invalid_credentials", "message": "no"}, "Refused"),
        ({"description": "Validation failed", "errors": [{"field": "x", "message": "y"}]}, "Refused"),
        ({"code": "too_many_requests", "message": "no"}, "RateLimited"),
        ({"code": "internal_error", "message": "no"}, "Unavailable"),
        ({"code": "record_not_found", "message": "no"}, "NotFound"),
    ],
)
def test_an_error_body_is_the_error_that_a_call_would_raise(body: Any, error: str) -> None:
    _, value = explained(body)

    assert isinstance(value, ConnectorError)
    assert type(value).__name__ == error


@pytest.mark.parametrize("body", [ticket_body(id="x"), [conversation_body(id=None)], 5, "text"])
def test_a_body_that_makes_no_sense_says_what_is_wrong(body: Any) -> None:
    with pytest.raises(BadBody):
        explained(body)
