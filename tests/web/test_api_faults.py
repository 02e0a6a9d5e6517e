"""Calls of the API that make no sense: each is answered as a problem at its path, none of them breaks anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn
from tests.web.test_api_protocols import SOUND, given, post, told

SPAN = {"from": "2026-03-01T00:00:00+00:00", "to": "2026-03-08T00:00:00+00:00"}


def raw(admin: SignedIn, body: str) -> Any:
    headers = {**ORIGIN, "X-CSRF-Token": admin.csrf}
    return admin.client.post("/api/v1/protocols", data=body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"base": ' + "1" * 4301 + "}", "{", "\ufeff{}"])
def test_a_body_that_cannot_be_read_is_a_problem(admin: SignedIn, story: Seeded, body: str) -> None:
    answer = raw(admin, body)

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        ("/backtest", {"protocol": 10**30, **SPAN}, "protocol"),
        ("/backtest", {"protocol": 1, "version": 10**30, **SPAN}, "version"),
        ("/backtest", {"document": SOUND, "from": "0001-01-01T00:00:00+14:00", "to": SPAN["to"]}, "from"),
        ("/backtest", {"document": SOUND, "from": "0001-01-01T00:00:00+14:00", "to": "0001-01-02T00:00:00Z"}, "from"),
        ("/backtest", {"document": SOUND, "from": "9999-12-01T00:00:00Z", "to": "9999-12-31T23:59:59-12:00"}, "to"),
        ("/try", {"document": SOUND, "ticket": "\ud800"}, "ticket"),
        ("/try", {"document": SOUND, "ticket": "47\0"}, "ticket"),
        ("", {"document": SOUND, "desk": 10**30}, "desk"),
    ],
)
def test_values_out_of_all_bounds_are_told_at_their_path(
    admin: SignedIn, story: Seeded, path: str, body: dict[str, Any], at: str
) -> None:
    answer = post(admin, path, **body)

    assert answer.status_code == 422
    assert at in told(answer)


@pytest.mark.parametrize("base", [True, 1.7, 1.0, "1 ", " 1", "1_0", 10**30, 0, [1]])
def test_a_number_of_a_version_is_a_whole_number(admin: SignedIn, story: Seeded, base: Any) -> None:
    answer = post(admin, f"/{story.protocol_id}/versions", document=SOUND, base=base)

    assert answer.status_code == 422
    assert set(told(answer)) == {"base"}


def test_whole_numbers_in_an_address_are_read_as_such(admin: SignedIn, story: Seeded) -> None:
    own = f"/api/v1/protocols/{story.protocol_id}"

    assert given(admin.get(f"{own}?version=1&desk={story.desk_id}"))["number"] == 1
    assert admin.get(f"{own}?version={'9' * 4301}").status_code == 422
    assert admin.get(f"{own}/diff?from={10**30}").status_code == 422


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\0b", "a\ud800b"])
@pytest.mark.parametrize(("path", "more"), [("publish", {"version": 1, "how": "shadow"}), ("rollback", {})])
def test_a_reason_is_words(admin: SignedIn, story: Seeded, path: str, more: dict[str, Any], reason: str) -> None:
    answer = post(admin, f"/{story.protocol_id}/{path}", **more, reason=reason)

    assert answer.status_code == 422
    assert set(told(answer)) == {"reason"}


@pytest.mark.parametrize("share", [0.0009, 0, 1, 1.5])
def test_a_share_is_one_that_some_ticket_may_fall_into(admin: SignedIn, story: Seeded, share: float) -> None:
    answer = post(admin, f"/{story.protocol_id}/publish", version=1, how="canary", share=share, reason="a trial")

    assert answer.status_code == 422
    assert told(answer) == {"share": "must be at least 0.001 and below 1"}


def test_a_reason_is_kept_without_the_space_around_it(admin: SignedIn, story: Seeded) -> None:
    post(admin, f"/{story.protocol_id}/versions", document=SOUND, base=1)

    given(post(admin, f"/{story.protocol_id}/publish", version=2, how="shadow", reason="  to watch\n"))

    events = given(admin.get(f"/api/v1/protocols/{story.protocol_id}/history"))["events"]
    assert json.dumps(events[0]["reason"]) == '"to watch"'
