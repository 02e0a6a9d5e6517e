"""The walk along ratings: what was given on which ticket, page by page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from connectors.base import Connector, Line
from connectors.errors import Refused
from connectors.freshdesk import FRESHDESK
from tests.connectors.freshdesk.bodies import KEY, NOW

URL = "https://desk.freshdesk.com/api/v2/surveys/satisfaction_ratings"
SINCE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def desk() -> Connector:
    line = Line(now=lambda: NOW)
    return FRESHDESK.open(subdomain="desk", base_url=None, credentials={"api_key": KEY}, line=line)


def body(number: int, code: int = -103) -> dict[str, Any]:
    moment = "2026-03-01T12:00:00Z"
    ratings = {"default_question": code}
    return {
        "id": number,
        "survey_id": 1,
        "ticket_id": 7,
        "ratings": ratings,
        "created_at": moment,
        "updated_at": moment,
    }


@responses.activate
def test_ratings_come_with_their_tickets(desk: Connector) -> None:
    responses.get(URL, body=json.dumps([body(5), {**body(6), "ratings": {}}]))

    rated = desk.read_rated(None, SINCE)

    assert [(ticket_id, one.id, one.original) for ticket_id, one in rated.ratings] == [("7", "5", "-103")]
    assert not rated.more
    assert "created_since=2026-03-01T00%3A00%3A00Z" in str(responses.calls[0].request.url)


@responses.activate
def test_a_full_page_is_followed_by_another(desk: Connector) -> None:
    responses.get(URL, body=json.dumps([body(number) for number in range(1, 101)]))
    responses.get(URL, body=json.dumps([body(101)]))

    first = desk.read_rated(None, SINCE)
    second = desk.read_rated(first.cursor, SINCE)

    assert (len(first.ratings), first.more, len(second.ratings), second.more) == (100, True, 1, False)
    assert "page=2" in str(responses.calls[1].request.url)


@responses.activate
def test_an_account_without_surveys_has_none(desk: Connector) -> None:
    responses.get(URL, status=403, body=json.dumps({"code": "access_denied", "message": "not in this plan"}))

    assert desk.read_rated(None, SINCE).ratings == ()


@responses.activate
def test_refused_credentials_are_told(desk: Connector) -> None:
    responses.get(URL, status=401, body=json.dumps({"code": "invalid_credentials", "message": "who are you"}))

    with pytest.raises(Refused):
        desk.read_rated(None, SINCE)
