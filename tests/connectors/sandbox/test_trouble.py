"""Trouble on demand: faults before and after an effect, and rate limits with their headers."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from connectors.sandbox.limits import Limits, Plan, headers
from connectors.sandbox.refusals import Invalid
from tests.connectors.sandbox.parts import VENDOR, Api, Play


def note(api: Api, ticket_id: int, **more: Any) -> requests.Response:
    return api("PUT", f"tickets/{ticket_id}", ticket={"comment": {"body": "A note", "public": False}, **more})


def notes(play: Play, ticket_id: int) -> int:
    return len(play.state(ticket_id)["comments"]) - 1


def test_an_error_before_the_effect(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("faults", fault="status", status=503, headers={"Retry-After": "7"}, method="PUT")

    answer = note(api, ticket_id)

    assert (answer.status_code, answer.headers["Retry-After"], notes(play, ticket_id)) == (503, "7", 0)


def test_an_error_after_the_effect(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("faults", fault="status_after_write", status=500, method="PUT")

    assert (note(api, ticket_id).status_code, notes(play, ticket_id)) == (500, 1)


@pytest.mark.parametrize(("fault", "effects"), [("drop", 0), ("drop_after_write", 1)])
def test_a_connection_dropped_without_an_answer(api: Api, play: Play, fault: str, effects: int) -> None:
    ticket_id = play.ticket()
    play("faults", fault=fault, method="PUT")

    with pytest.raises(requests.ConnectionError):
        note(api, ticket_id)

    assert notes(play, ticket_id) == effects
    assert note(api, ticket_id).status_code == 200


@pytest.mark.parametrize(("fault", "effects"), [("slow", 0), ("slow_after_write", 1)])
def test_a_caller_that_gives_up_waiting(api: Api, play: Play, fault: str, effects: int) -> None:
    ticket_id = play.ticket()
    play("faults", fault=fault, seconds=0.4, method="PUT")

    with pytest.raises(requests.ReadTimeout):
        api.put(f"{VENDOR}/api/v2/tickets/{ticket_id}", json={"ticket": {"comment": {"body": "x"}}}, timeout=0.1)

    assert notes(play, ticket_id) == effects


def test_a_slow_answer_comes_all_the_same(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("faults", fault="slow", seconds=0.1)
    start = time.monotonic()

    answer = note(api, ticket_id)

    assert (answer.status_code, time.monotonic() - start >= 0.1) == (200, True)


def test_an_answer_that_makes_no_sense(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("faults", fault="garbage", method="PUT")

    answer = note(api, ticket_id)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert notes(play, ticket_id) == 1


def test_a_fault_hits_only_what_it_names_and_as_often_as_it_says(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("faults", fault="status", method="PUT", path_prefix=f"/api/v2/tickets/{ticket_id}", times=2)

    reads = [api("GET", f"tickets/{ticket_id}").status_code, api("GET", "users/me").status_code]
    writes = [note(api, ticket_id).status_code for _ in range(3)]

    assert (reads, writes) == ([200, 200], [503, 503, 200])


def test_faults_are_listed_and_cleared(api: Api, play: Play) -> None:
    play("faults", fault="status", times=5)

    waiting = play.read("faults")["faults"]
    cleared = play.delete(f"{play.url}/sandbox/faults", timeout=5)

    assert (len(waiting), cleared.status_code, api("GET", "users/me").status_code) == (1, 204, 200)


def test_the_control_surface_itself_never_fails(play: Play) -> None:
    play("faults", fault="status", path_prefix="/", times=9)

    assert play.ticket() == 1


@pytest.mark.parametrize("fault", [{}, {"fault": "odd"}, {"fault": "slow", "seconds": "x"}, {"fault": "drop", "x": 1}])
def test_a_fault_that_cannot_be_is_refused(play: Play, fault: dict[str, Any]) -> None:
    assert play.try_to("faults", **fault).status_code == 422


def test_every_answer_speaks_of_the_account_limit(api: Api) -> None:
    answers = [api("GET", "users/me").headers for _ in range(2)]

    assert [answer["X-Rate-Limit-Remaining"] for answer in answers] == ["699", "698"]
    assert (answers[0]["X-Rate-Limit"], answers[0]["ratelimit-limit"]) == ("700", "700")
    assert 0 < int(answers[0]["ratelimit-reset"]) <= 60


def test_updates_speak_of_their_own_buckets(api: Api, play: Play) -> None:
    found = note(api, play.ticket()).headers

    assert found["zendesk-ratelimit-tickets-update"].startswith("total=100; remaining=99; resets=")
    assert found["zendesk-ratelimit-per-ticket-updates"].startswith("total=30; remaining=29; resets=")


def test_a_spent_limit_is_429_with_whole_seconds_and_no_effect(api: Api, play: Play) -> None:
    ticket_id, other = play.ticket(), play.ticket()
    play("limits", per_ticket=2)

    answers = [note(api, ticket_id) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"].isdigit()
    assert "remaining=0" in answers[-1].headers["zendesk-ratelimit-per-ticket-updates"]
    assert (notes(play, ticket_id), note(api, other).status_code) == (2, 200)


def test_another_user_has_an_allowance_of_his_own_on_the_ticket() -> None:
    limits = Limits(Plan(per_ticket=1))

    spent = [limits.spend("PUT", "/api/v2/tickets/1", user)[-1].remaining for user in (1, 1, 2)]

    assert spent == [0, -1, 0]


@pytest.mark.parametrize(
    ("method", "path", "buckets"),
    [
        ("GET", "/api/v2/tickets/1", ["account"]),
        ("PUT", "/api/v2/tickets/1/tags", ["account", "tickets-update", "per-ticket-updates"]),
        ("PUT", "/api/v2/tickets/update_many", ["account", "tickets-update"]),
        ("GET", "/api/v2/webhooks", ["account", "webhooks"]),
        ("GET", "/api/v2/incremental/tickets/cursor", ["account", "incremental-exports"]),
    ],
)
def test_which_buckets_a_call_falls_into(method: str, path: str, buckets: list[str]) -> None:
    assert [standing.bucket for standing in Limits().spend(method, path, 1)] == buckets


def test_a_window_that_is_over_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr("connectors.sandbox.limits.time.monotonic", lambda: moment)
    limits = Limits(Plan(account=1))
    limits.spend("GET", "/api/v2/users/me", 1)

    moment += 61
    standing = limits.spend("GET", "/api/v2/users/me", 1)

    assert headers(standing)["X-Rate-Limit-Remaining"] == "0"
    assert standing[0].remaining == 0


def test_an_unlimited_account_counts_but_never_refuses(api: Api, play: Play) -> None:
    play("limits", unlimited=True, account=1)

    answers = [api("GET", "users/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[-1].headers["X-Rate-Limit-Remaining"] == "999997"


@pytest.mark.parametrize("wanted", [{"moon": 1}, {"account": "x"}, {"account": -1}, {"unlimited": 1}])
def test_a_limit_that_cannot_be_is_refused(play: Play, wanted: dict[str, Any]) -> None:
    assert play.try_to("limits", **wanted).status_code == 422


def test_limits_refuse_by_name() -> None:
    with pytest.raises(Invalid, match="moon"):
        Limits().change({"moon": 1})
