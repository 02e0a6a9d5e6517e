"""The questions of `desk check`, with answers that the sandbox does not give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses

from connectors.base import Connector, Line
from connectors.freshdesk import FRESHDESK
from connectors.ticket import Finding
from tests.connectors.freshdesk.bodies import KEY, NOW, agent_body, ticket_body

API = "https://desk.freshdesk.com/api/v2"
HEALTHY: dict[str, Any] = {
    "agents/me": agent_body(),
    "tickets": [ticket_body()],
    "tickets/35/conversations": [],
    "canned_response_folders": [],
    "surveys": [],
    "surveys/satisfaction_ratings": [],
    "ticket_fields": [],
    "automations/4/rules": [{"id": 1}],
}
REFUSED = {"code": "access_denied", "message": "You are not authorized to perform this action."}


@pytest.fixture
def vendor() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def desk() -> Connector:
    line = Line(now=lambda: NOW)
    return FRESHDESK.open(subdomain="desk", base_url=None, credentials={"api_key": KEY}, line=line)


def give(vendor: responses.RequestsMock, **changed: Any) -> None:
    """A healthy account, but for what the test says: a body, or a status to refuse with."""
    for path, body in {**HEALTHY, **{name.replace("__", "/"): body for name, body in changed.items()}}.items():
        if isinstance(body, int):
            vendor.add("GET", f"{API}/{path}", status=body, json=REFUSED)
        else:
            vendor.add("GET", f"{API}/{path}", json=body)


def wrong(desk: Connector) -> list[Finding]:
    return [finding for finding in desk.check() if not finding.ok]


def test_a_healthy_account_has_nothing_wrong(vendor: responses.RequestsMock, desk: Connector) -> None:
    give(vendor)

    assert wrong(desk) == []


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"agents__me": agent_body(ticket_scope=2)}, "role"),
        ({"canned_response_folders": 403}, "macros"),
        ({"tickets__35__conversations": 403}, "comments"),
        ({"ticket_fields": 403}, "statuses"),
        ({"automations__4__rules": 403}, "webhooks"),
        (
            {"surveys__satisfaction_ratings": [{"id": 1, "ratings": "seven", "created_at": "2026-03-02T09:00:00Z"}]},
            "ratings",
        ),
    ],
)
def test_what_is_wrong_comes_with_a_remedy(
    vendor: responses.RequestsMock, desk: Connector, changed: dict[str, Any], name: str
) -> None:
    give(vendor, **changed)

    assert [(finding.name, bool(finding.remedy)) for finding in wrong(desk)] == [(name, True)]


@pytest.mark.parametrize("path", ["surveys", "automations__4__rules"])
def test_what_some_accounts_do_not_have_is_nothing_wrong(
    vendor: responses.RequestsMock, desk: Connector, path: str
) -> None:
    give(vendor, **{path: 404})

    assert wrong(desk) == []


def test_the_walk_along_changes_is_tried_with_filter_and_time_together(
    vendor: responses.RequestsMock, desk: Connector
) -> None:
    give(vendor)

    desk.check()

    asked = [str(call.request.url) for call in vendor.calls if "filter=spam" in str(call.request.url)]
    assert len(asked) == 1
    assert "updated_since=2026-03-02T08%3A00%3A00Z" in asked[0]


def test_with_a_refused_key_nothing_else_is_asked(vendor: responses.RequestsMock, desk: Connector) -> None:
    give(vendor, agents__me=401)

    assert [finding.name for finding in desk.check()] == ["credentials"]
