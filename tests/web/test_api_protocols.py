"""Protocols over the API: drafts, trials, putting in force and taking back, each problem at its path."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.protocols.actions.registry import ACTIONS
from app.protocols.facts import FACTS
from app.store import protocols
from app.store.database import Database
from app.store.models import Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.conftest import OPERATOR_TOKEN
from tests.web.people import ORIGIN, SignedIn

SOUND = seeds.DOCUMENT.replace("cause: shipping_delay", "cause: unknown")
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


def post(admin: SignedIn, path: str, **body: Any) -> TestResponse:
    headers = {**ORIGIN, "X-CSRF-Token": admin.csrf}
    return admin.client.post(f"/api/v1/protocols{path}", json=body, headers=headers)


def told(answer: TestResponse) -> dict[str, str]:
    """Path to message."""
    assert answer.json is not None
    return {error["path"]: error["message"] for error in answer.json["errors"]}


def given(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_draft_is_made_read_and_compared(admin: SignedIn, story: Seeded) -> None:
    own = f"/{story.protocol_id}"

    draft = given(post(admin, f"{own}/versions", document=SOUND, base=1))
    whole = given(admin.get(f"/api/v1/protocols{own}"))
    lines = given(admin.get(f"/api/v1/protocols{own}/diff?from=1&to=2"))["lines"]

    assert (draft["number"], draft["new"]) == (2, True)
    assert (whole["number"], whole["document"]) == (2, SOUND)
    assert [one["state"] for one in whole["versions"]] == ["draft", "published"]
    assert {"change": "added", "text": "cause: unknown"} in lines


def test_a_new_protocol_and_the_list_of_all(admin: SignedIn, story: Seeded) -> None:
    made = given(post(admin, "", document=SOUND.replace("Late parcel", "Another")))

    listed = given(admin.get("/api/v1/protocols"))["protocols"]
    taken = post(admin, "", document=SOUND)

    assert [one["name"] for one in listed] == ["Late parcel", "Another"]
    assert made["protocol_id"] == listed[1]["id"]
    assert (taken.status_code, told(taken)) == (422, {"name": "is the name of another protocol of this desk"})


def test_a_stale_draft_is_told_what_both_changed(admin: SignedIn, story: Seeded) -> None:
    own = f"/{story.protocol_id}/versions"
    given(post(admin, own, document=SOUND, base=1))

    late = post(admin, own, document=seeds.DOCUMENT.replace("team: Recovery", "team: Care"), base=1)

    assert late.status_code == 409
    assert told(late) == {
        "base": "version 2 was saved meanwhile",
        "cause": "was changed by them",
        "team": "was changed by you",
    }


@pytest.mark.capability("PRO-05")
def test_every_fault_of_a_document_is_at_its_path_and_nothing_is_stored(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    answer = post(admin, "", document=SOUND.replace("value: 40", "value: low").replace("least_loaded", "nobody"))

    assert answer.status_code == 422
    assert {"criteria.all[1].value", "actions[0].to"} <= set(told(answer))
    with database.desk(story.desk_id, read=True) as session:
        assert len(protocols.all_of(session)) == 1


def test_a_version_is_put_in_force_and_taken_back(admin: SignedIn, story: Seeded) -> None:
    own = f"/{story.protocol_id}"
    given(post(admin, f"{own}/versions", document=SOUND, base=1))
    seen = given(admin.get(f"/api/v1/protocols{own}"))["seen"]

    done = given(post(admin, f"{own}/publish", version=2, how="whole", reason="better", seen=seen))
    late = post(admin, f"{own}/publish", version=2, how="shadow", reason="mine", seen=seen)
    history = given(admin.get(f"/api/v1/protocols{own}/history"))["events"]
    back = given(post(admin, f"{own}/rollback", reason="worse", undo=True))["result"]
    report = given(admin.get(f"/api/v1/protocols/rollbacks/{back['id']}"))["result"]

    assert (done["state"], late.status_code) == ("published", 409)
    assert (history[0]["by"], history[0]["reason"]) == ("lena@example.com", "better")
    assert (back["withdrawn"], back["to"]) == ([2], 1)
    assert (report["finished"], report["reason"]) == (True, "worse")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"version": 1, "how": "whole"}, "reason"),
        ({"version": 1, "how": "loudly", "reason": "x"}, "how"),
        ({"version": 1, "how": "canary", "reason": "x"}, "share"),
        ({"version": 1, "how": "canary", "share": 1, "reason": "x"}, "share"),
        ({"version": 1, "how": "shadow", "share": 0.5, "reason": "x"}, "share"),
        ({"version": "two", "how": "whole", "reason": "x"}, "version"),
        ({"version": 7, "how": "whole", "reason": "x"}, "version"),
        ({"version": 1, "how": "whole", "reason": "x" * 501}, "reason"),
        ({"version": 1, "how": "whole", "reason": "x", "by": "the boss"}, "by"),
    ],
)
def test_what_is_wrong_with_publishing_is_at_its_path(
    admin: SignedIn, story: Seeded, body: dict[str, Any], path: str
) -> None:
    answer = post(admin, f"/{story.protocol_id}/publish", **body)

    assert answer.status_code == 422
    assert path in told(answer)


def test_a_trial_of_an_unknown_ticket_is_told(admin: SignedIn, story: Seeded) -> None:
    answer = post(admin, "/try", document=SOUND, ticket="99")

    assert answer.status_code == 422
    assert told(answer) == {"ticket": 'No ticket "99" is known here.'}


@pytest.mark.capability("N5")
def test_a_document_and_a_stored_version_can_be_backtested(admin: SignedIn, story: Seeded) -> None:
    span = {"from": "2026-03-01T00:00:00+00:00", "to": "2026-03-08T00:00:00+00:00"}

    of_text = given(post(admin, "/backtest", document=SOUND, **span))["result"]
    of_stored = given(post(admin, "/backtest", protocol=story.protocol_id, **span))["result"]

    assert of_text["figures"]["cases"] == of_stored["figures"]["cases"] == 0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "document"),
        ({"document": SOUND, "protocol": 1}, "document"),
        ({"document": SOUND, "from": "2026-03-08T00:00:00+00:00"}, "from"),
        ({"document": SOUND, "from": "2020-03-08T00:00:00+00:00"}, "from"),
        ({"document": SOUND, "from": "2026-03-01T00:00:00"}, "from"),
        ({"document": SOUND, "share": 2}, "share"),
    ],
)
def test_a_backtest_of_nothing_is_refused(admin: SignedIn, story: Seeded, body: dict[str, Any], path: str) -> None:
    span = {"from": "2026-03-01T00:00:00+00:00", "to": "2026-03-08T00:00:00+00:00"}

    answer = post(admin, "/backtest", **{**span, **body})

    assert answer.status_code == 422
    assert path in told(answer)


def test_another_desks_protocol_is_not_there(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), words="Theirs", prefix="x")

    answers = [
        post(admin, f"/{other.protocol_id}/versions", document=SOUND, base=1, desk=story.desk_id),
        post(admin, f"/{other.protocol_id}/publish", version=1, how="whole", reason="x", desk=story.desk_id),
        post(admin, f"/{other.protocol_id}/rollback", reason="x", desk=story.desk_id),
        post(admin, "", document=SOUND, desk=99),
    ]

    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_who_is_no_admin_reads_only(person: Any, story: Seeded, role: Role) -> None:
    somebody = person(role, email=f"{role}@example.com")

    assert somebody.get(f"/api/v1/protocols/{story.protocol_id}").status_code == 200
    for path in ("", f"/{story.protocol_id}/versions", f"/{story.protocol_id}/publish", "/try", "/backtest"):
        assert post(somebody, path, document=SOUND, base=1).status_code == 403


def test_the_operator_is_on_record_as_such(admin: SignedIn, story: Seeded) -> None:
    stranger = admin.client.application.test_client()

    stranger.post(
        f"/api/v1/protocols/{story.protocol_id}/versions", json={"document": SOUND, "base": 1}, headers=OPERATOR
    )
    stranger.post(
        f"/api/v1/protocols/{story.protocol_id}/publish",
        json={"version": 2, "how": "shadow", "reason": "by a program"},
        headers=OPERATOR,
    )

    assert given(admin.get(f"/api/v1/protocols/{story.protocol_id}/history"))["events"][0]["by"] == "operator"


def test_everything_a_document_may_say_can_be_asked(admin: SignedIn, story: Seeded) -> None:
    found = given(admin.get("/api/v1/protocols/vocabulary"))

    assert [one["name"] for one in found["facts"]] == list(FACTS)
    assert {one["name"]: one["keys"] for one in found["actions"]}.keys() == ACTIONS.keys()
    assert "below_five" in {one["name"] for one in found["presets"]}
