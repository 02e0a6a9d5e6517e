"""What `desk check` finds out about an account that the vendor's documents leave open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import CallLimits
from connectors.errors import ConnectorError, NotFound, Refused, Unavailable
from connectors.ticket import Finding
from connectors.zendesk.account import account_findings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OURS = {"id": "01W", "name": "Kintsugi", "status": "active", "description": "Tells us. [kintsugi:0a1b/deliveries]"}
RAN = "webhooks/01W/invocations"


class Account:
    """Answers by path; everything else is empty. Remembers what was asked."""

    def __init__(self, **answers: dict[str, Any] | ConnectorError) -> None:
        self.answers: dict[str, dict[str, Any] | ConnectorError] = dict(answers)
        self.asked: dict[str, Mapping[str, str]] = {}

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        self.asked[path] = params
        answer = self.answers.get(path, {})
        if isinstance(answer, ConnectorError):
            raise answer
        return answer


def ask(account: Account, *, total: int | None = 400, admin: bool = True) -> dict[str, Finding]:
    told = [CallLimits(bucket="account", total=total, remaining=1, resets_in=None)]
    return {one.name: one for one in account_findings(account.get, NOW, lambda: told, admin=admin)}


def account(**answers: dict[str, Any] | ConnectorError) -> Account:
    """`__` stands for / and `_dot_` for a dot."""
    return Account(**{name.replace("__", "/").replace("_dot_", "."): answer for name, answer in answers.items()})


def test_an_empty_account_has_nothing_wrong() -> None:
    found = ask(account())

    assert {name: one.ok for name, one in found.items()} == dict.fromkeys(
        ("ratings", "export", "webhooks", "our fields", "plan"), True
    )
    assert not any(one.remedy for one in found.values())


@pytest.mark.parametrize(
    ("surveys", "legacy", "said"),
    [
        ({"survey_responses": [{"id": "01R"}]}, NotFound("no"), "survey responses: in use; good or bad: not in this"),
        (Refused("no"), {"satisfaction_ratings": [{"id": 1}]}, "not for this role; good or bad: in use"),
        ({"survey_responses": []}, {"satisfaction_ratings": []}, "survey responses: can be read, none yet; good or"),
    ],
)
def test_the_rating_system_in_use_is_named(surveys: Any, legacy: Any, said: str) -> None:
    found = ask(account(guide__survey_responses=surveys, satisfaction_ratings_dot_json=legacy))["ratings"]

    assert found.ok
    assert said in found.detail


@pytest.mark.parametrize("error", [Refused("no", auth=True), Unavailable("away")])
def test_ratings_that_cannot_be_asked_about_come_with_a_remedy(error: ConnectorError) -> None:
    found = ask(account(guide__survey_responses=error))["ratings"]

    assert (found.ok, bool(found.remedy)) == (False, True)


def test_the_export_is_asked_from_an_hour_ago() -> None:
    there = account()
    ask(there)

    assert there.asked["incremental/tickets/cursor.json"]["start_time"] == str(int(NOW.timestamp()) - 3600)


def test_an_export_that_is_refused_comes_with_a_remedy() -> None:
    found = ask(account(incremental__tickets__cursor_dot_json=Refused("no")))["export"]

    assert (found.ok, bool(found.remedy)) == (False, True)


def test_who_is_no_admin_is_not_asked_for_the_export() -> None:
    assert "export" not in ask(account(), admin=False)


@pytest.mark.parametrize(
    ("ran", "ok", "said"),
    [
        ([], True, "active; 0 of its 0 latest"),
        (
            [
                {"status": "success", "latest_completed_at": "2026-03-02T08:00:00Z"},
                {"status": "failed", "latest_completed_at": "2026-03-02T08:30:00Z"},
            ],
            True,
            "1 of its 2 latest deliveries failed, the last one ended at 2026-03-02T08:30:00Z",
        ),
        ([{"status": "circuit broken"}], False, "1 of its 1 latest"),
        ([{"status": "enqueued"}, None], True, "0 of its 1 latest"),
    ],
)
def test_our_webhooks_latest_deliveries_are_counted(ran: list[Any], ok: bool, said: str) -> None:
    found = ask(account(webhooks={"webhooks": [OURS]}, **{RAN: {"invocations": ran}}))["webhooks"]

    assert (found.ok, bool(found.remedy)) == (ok, not ok)
    assert said in found.detail


def test_a_webhook_of_somebody_elses_is_not_taken_for_ours() -> None:
    found = ask(account(webhooks={"webhooks": [{**OURS, "description": "Kintsugi, made by hand"}]}))["webhooks"]

    assert "none was installed" in found.detail


def test_our_webhook_switched_off_comes_with_a_remedy() -> None:
    found = ask(account(webhooks={"webhooks": [{**OURS, "status": "inactive"}]}))["webhooks"]

    assert (found.ok, found.detail, found.remedy) == (False, "inactive", "kintsugi desk install")


def test_our_fields_are_named() -> None:
    listed = [{"title": "Satisfaction score", "agent_description": "It. [kintsugi:0a1b/score]"}, {"title": "Order"}]

    assert ask(account(ticket_fields_dot_json={"ticket_fields": listed}))["our fields"].detail == "Satisfaction score"


def test_fields_that_may_not_be_seen_come_with_a_remedy() -> None:
    found = ask(account(ticket_fields_dot_json=Refused("no")))["our fields"]

    assert (found.ok, bool(found.remedy)) == (False, True)


@pytest.mark.parametrize(
    ("total", "said"),
    [(200, "Team"), (700, "Enterprise"), (2500, "High Volume"), (123, "no known plan"), (None, "not told")],
)
def test_the_plan_is_read_from_the_allowance(total: int | None, said: str) -> None:
    assert said in ask(account(), total=total)["plan"].detail
